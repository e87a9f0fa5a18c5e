"""The runs that this process has published, for the message of a later interruption."""

folders: list[str] = []
