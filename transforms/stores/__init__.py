"""Object stores: one protocol, a client for each.

interface.py   what is asked of a store, and how its errors read
contact.py     whether a server can be reached at all
gcs_store.py   Google Cloud Storage
s3_store.py    Amazon S3, and what speaks its protocol
beam_store.py  Beam's other file systems, such as HDFS
clients.py     which store a path is in
ranges.py      a remote file read in ranges
given_up.py    folders in which nothing is made any more
uploads.py     a remote file that appears when it is closed
"""
