"""A running server of either protocol, and the large object that it holds for tests."""

import os

from tests.support.stores import gcs, s3

Server = gcs.Gcs | s3.S3
BIG = os.urandom(20 << 20)
