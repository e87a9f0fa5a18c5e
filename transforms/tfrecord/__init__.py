"""transforms/tfrecord."""
