"""The benchmark's features as a TF Transform function: what `bench.toml` declares, 8 z-scores, 4 vocabularies, the label.

TF Transform's documented pipeline runs it, and so does shardmill by `function.toml`.
"""

from typing import Any

import tensorflow_transform as tft


def preprocessing_fn(inputs: dict[str, Any]) -> dict[str, Any]:
    """Scales the floats, gives the strings ids, passes the label."""
    outputs = {}
    for name, column in inputs.items():
        if name.startswith("float_"):
            outputs[name] = tft.scale_to_z_score(column)
        elif name == "label":
            outputs[name] = column
        else:
            outputs[name] = tft.compute_and_apply_vocabulary(column, num_oov_buckets=1, vocab_filename=name)
    return outputs
