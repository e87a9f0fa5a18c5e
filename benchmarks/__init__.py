"""What was measured, and how: a data generator, TF Transform's documented pipeline, and a harness that times both."""
