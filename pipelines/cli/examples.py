"""Examples at the end of each page of help.

Tests check that their options exist.
"""

# By command; "" is the command line itself.
EXAMPLES = {
    "": """\
shardmill init 'data/*.csv'        look at the data and write pipeline.toml
shardmill run pipeline.toml        make shards and graph, in pipeline-out
shardmill inspect pipeline-out     see what is in them
shardmill verify pipeline-out      check them bit for bit""",
    "init": """\
shardmill init 'data/*.csv'
shardmill init train.csv 'more/*.csv' -o fares.toml --label fare --split 0.8,0.1,0.1
shardmill init old.csv --set input.encoding=latin-1 --set 'input.null_values=["", "?"]'""",
    "run": """\
shardmill run pipeline.toml
shardmill run pipeline.toml --dry-run
shardmill run pipeline.toml -o out/monday --set output.shards=16 --overwrite
shardmill run pipeline.toml --engine flink --flink_master=HOST:8081""",
    "inspect": """\
shardmill inspect out/flights
shardmill inspect out/flights/train-00000-of-00008.tfrecord.gz -n 3
shardmill inspect out/flights --code > train.py""",
    "report": """\
shardmill report out/flights
shardmill report out/flights --output flights.html
shardmill report 'data/*.csv' -o data.html""",
    "verify": """\
shardmill verify out/flights
shardmill verify out/flights --sample 1000""",
    "validate": """\
shardmill validate 'new/*.csv' --against out/flights
shardmill validate may.csv --schema flights.pbtxt --environment SERVING
shardmill validate 'new/*.csv' --against out/flights --json -o anomalies.pbtxt""",
    "diff": """\
shardmill diff out/monday out/tuesday
shardmill diff out/monday out/tuesday --output diff.html
shardmill diff out/monday out/tuesday --json""",
    "apply": """\
shardmill apply out/flights --input 'new/*.csv' -o out/new
shardmill apply out/flights --input may.csv --input june.csv -o out/summer --split eval""",
    "demo": """\
shardmill demo
shardmill demo -o /tmp/flights""",
    "doctor": """\
shardmill doctor
shardmill doctor --engine flink --flink_master=HOST:8081 -o s3://BUCKET/runs""",
}
