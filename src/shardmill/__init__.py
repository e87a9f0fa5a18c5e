"""Raw CSV shards in; training-ready shards, and the graph that serving runs, out."""
