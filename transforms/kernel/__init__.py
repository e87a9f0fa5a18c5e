"""The compiled kernel, in C: what goes over every byte.

library.py  the library, and its functions' arguments
"""
