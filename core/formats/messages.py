"""The messages of TensorFlow's files, as far as they are read or written here: field names, numbers and types.

Source: TensorFlow's tensor_bundle.proto, tensor_shape.proto, versions.proto, example.proto, feature.proto,
saved_model.proto, meta_graph.proto, graph.proto, node_def.proto, attr_value.proto and tensor.proto.
"""

from core.formats.protobuf import BYTES, DOUBLES, FIXED32, FLOATS, INT, INTS, Fields

# Checkpoints.
BUNDLE_HEADER: Fields = {"num_shards": (1, INT), "endianness": (2, INT), "version": (3, BYTES)}
VERSION: Fields = {"producer": (1, INT), "min_consumer": (2, INT)}
BUNDLE_ENTRY: Fields = {
    "dtype": (1, INT),
    "shape": (2, BYTES),
    "shard_id": (3, INT),
    "offset": (4, INT),
    "size": (5, INT),
    "crc32c": (6, FIXED32),
    "slices": (7, BYTES),
}
TENSOR_SHAPE: Fields = {"dim": (2, BYTES), "unknown_rank": (3, INT)}
DIM: Fields = {"size": (1, INT)}

# Records to train on.
EXAMPLE: Fields = {"features": (1, BYTES)}
FEATURES: Fields = {"feature": (1, BYTES)}
FEATURE_ENTRY: Fields = {"key": (1, BYTES), "value": (2, BYTES)}
FEATURE: Fields = {"bytes_list": (1, BYTES), "float_list": (2, BYTES), "int64_list": (3, BYTES)}
BYTES_LIST: Fields = {"value": (1, BYTES)}
FLOAT_LIST: Fields = {"value": (1, FLOATS)}
INT64_LIST: Fields = {"value": (1, INTS)}

# Graphs.
SAVED_MODEL: Fields = {"meta_graphs": (2, BYTES)}
META_GRAPH: Fields = {"graph_def": (2, BYTES)}
GRAPH: Fields = {"node": (1, BYTES)}
NODE: Fields = {"name": (1, BYTES), "op": (2, BYTES), "input": (3, BYTES), "attr": (5, BYTES)}
ATTR_ENTRY: Fields = {"key": (1, BYTES), "value": (2, BYTES)}
ATTR_VALUE: Fields = {"tensor": (8, BYTES)}
TENSOR: Fields = {
    "dtype": (1, INT),
    "tensor_shape": (2, BYTES),
    "tensor_content": (4, BYTES),
    "float_val": (5, FLOATS),
    "double_val": (6, DOUBLES),
}

# numpy's name of each number type; bfloat16 is the upper half of a float32.
DTYPES = {
    1: "<f4",
    2: "<f8",
    3: "<i4",
    4: "|u1",
    5: "<i2",
    6: "|i1",
    8: "<c8",
    9: "<i8",
    10: "|b1",
    17: "<u2",
    18: "<c16",
    19: "<f2",
    22: "<u4",
    23: "<u8",
}
STRING, BFLOAT16 = 7, 14
