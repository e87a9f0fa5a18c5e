"""The runs that this process has published.

The message of a later interruption names them.
"""

folders: list[str] = []
