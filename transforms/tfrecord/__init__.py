"""From columns to tf.train.Examples to TFRecord files, byte for byte.

wire.py        protobuf's wire format, column-wise
row_groups.py  rows of equal layout encoded as one matrix
encode.py      columns of features -> serialized Examples
crc32c.py      CRC32C checksums of many records at once
compress.py    gzip members
frames.py      TFRecord frames, read and written
parts.py       the part file of a unit
decode.py      Examples decoded without TensorFlow
"""
