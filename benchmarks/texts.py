"""A bag of words of IMDB's reviews, by shardmill and by TF Transform, in turns.

python -m benchmarks.texts path/to/imdb_10k.csv.gz
"""

import argparse
import gzip
import shutil
import sys
import tempfile
from functools import partial
from pathlib import Path

from benchmarks.harness import by_turns, measure

_TOML = """
[input]
files = ["reviews.csv"]
schema = "schema.pbtxt"
[features]
sentiment = { kind = "vocabulary" }
[features.bag]
kind = "bag_of_words"
column = "review"
lower = true
strip_punctuation = true
strip_html = true
top_k = 10000
sparse = true
[output]
shards = 4
"""
_SCHEMA = "".join(
    f'feature {{ name: "{name}" type: BYTES presence {{ min_fraction: 1 min_count: 1 }} shape {{}} }}\n'
    for name in ("review", "sentiment")
)


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="IMDB's reviews: a review and its sentiment, none with a line end")
    parser.add_argument("--repeat", type=int, default=3, help="runs of each (default: %(default)s)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        with gzip.open(args.data) as source, (work / "reviews.csv").open("wb") as target:
            shutil.copyfileobj(source, target)
        (work / "schema.pbtxt").write_text(_SCHEMA)
        (work / "texts.toml").write_text(_TOML)
        shardmill = [str(Path(sys.executable).with_name("shardmill")), "run", str(work / "texts.toml"), "--quiet"]
        peer = [sys.executable, "-m", "benchmarks.peers.tft_texts", f"{work}/reviews.csv", f"{work}/schema.pbtxt"]
        commands = {
            "shardmill": partial(measure, [*shardmill, "--overwrite", "--output", f"{work}/ours"]),
            "tft": partial(measure, [*peer, f"{work}/theirs"]),
        }
        series = by_turns(commands, dict.fromkeys(commands, args.repeat), print)
    ours, theirs = series["shardmill"].runs, series["tft"].runs
    ratios = [other.cpu_seconds / own.cpu_seconds for own, other in zip(ours, theirs, strict=True)]
    print("ratio of CPU-seconds:", ", ".join(f"{each:.2f}" for each in ratios))


if __name__ == "__main__":
    main()
