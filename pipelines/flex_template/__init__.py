"""The Dataflow Flex Template: its parameters (`metadata.json`) and what its launcher runs (`main.py`)."""
