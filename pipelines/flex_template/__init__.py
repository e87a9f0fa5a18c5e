"""The Dataflow Flex Template.

metadata.json  its parameters
main.py        the program that the launcher runs
"""
