"""The SavedModel, run on Arrow buffers by TensorFlow's C library.

graph_names.py      the tensors' names, kept beside the SavedModel
graph_folder.py     the graph's folder, on any file system
c_library.py        finds and declares TensorFlow's C library
c_api.py            sessions through ctypes
python_api.py       the same through TensorFlow's Python API
feeds.py            a record batch's columns as the memory of tensors
session.py          record batches in, columns of features out
fingerprint.py      hashes of whole columns
derived_columns.py  a block's derived columns
missing_labels.py   rows without labels, in `apply`
analysis_graph.py   the graph that makes tokens and numbers for the analysis
row_graph.py        the graph of a user's function, and the rows that it rejects
"""
