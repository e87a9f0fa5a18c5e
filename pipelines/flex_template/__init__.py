"""The Dataflow Flex Template.

metadata.json  its parameters
main.py        what the launcher runs
"""
