"""The runs that this process has published: what was interrupted afterwards is published all the same."""

folders: list[str] = []
