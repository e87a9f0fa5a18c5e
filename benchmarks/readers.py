"""Times the reader that `shardmill inspect --code` prints for a run, and one that shuffles, batches and parses the rows of all shards.

python -m benchmarks.readers bench-out
"""

import argparse
import statistics
import time
from typing import Any

from shardmill.pipelines.inspect.code import code_for

Names = dict[str, Any]


def printed_reader(run: str) -> Names:
    """What the printed code's first lines and its reader leave."""
    names: Names = {}
    exec(code_for(run).partition("# --- Train")[0], names)
    return names


def over_all_shards(names: Names) -> Any:
    """Batches of the rows of all shards."""
    import tensorflow as tf

    records = tf.data.Dataset.from_tensor_slices(names["shards"]("train")).interleave(
        lambda shard: tf.data.TFRecordDataset(shard, "GZIP"), num_parallel_calls=tf.data.AUTOTUNE
    )
    return records.shuffle(10_000).batch(256).map(names["parse"], tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)


def rows_a_cpu_second(dataset: Any) -> float:
    """Reads a dataset once."""
    start = time.process_time()
    rows = sum(int(label.shape[0]) for _, label in dataset)
    return rows / (time.process_time() - start)


def main() -> None:
    """Prints the median of each, which take turns."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", help="a run's folder, compressed, with a label")
    parser.add_argument("--repeat", type=int, default=5)
    given = parser.parse_args()
    names = printed_reader(given.run)
    readers = {
        "each shard apart, as printed": lambda: names["dataset"]("train"),
        "over all shards": lambda: over_all_shards(names),
    }
    rates = [{title: rows_a_cpu_second(make()) for title, make in readers.items()} for _ in range(given.repeat)]
    for title in readers:
        found = [each[title] for each in rates]
        print(
            f"{title}: {statistics.median(found):,.0f} rows a CPU-second ({', '.join(f'{rate:,.0f}' for rate in found)})"
        )


if __name__ == "__main__":
    main()
