"""tests/transforms/tfrecord."""
