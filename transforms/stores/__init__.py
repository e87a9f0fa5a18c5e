"""Object stores: one protocol, a client for each.

interface.py   the protocol of a store, and the reasons of its errors
contact.py     a check that a server can be reached
gcs_store.py   Google Cloud Storage
s3_store.py    Amazon S3, and other servers with its protocol
beam_store.py  Beam's other file systems, such as HDFS
clients.py     the store that a path is in
ranges.py      a remote file read in ranges
given_up.py    folders in which nothing may be made any more
uploads.py     a remote file that appears when it is closed
"""
