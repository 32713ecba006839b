"""A TF-Hub module folder of BigGAN-deep, as far as is known, out of the arrays of a Hugging Face folder.

Names of variables and of the tables' nodes are those that the published converter asks for; no real module can be had
without a network. Where a module has rows stacked from constants, and where one constant, is not known: here are both.
"""

import numpy as np
import tensorflow as tf
from tensorflow.core.framework import graph_pb2
from tensorflow.core.protobuf import saved_model_pb2

AVERAGED = "/ema_0.9999"


def write(folder, arrays, blocks=10, attention=8):
    """`arrays`: the state dict by name."""
    (folder / "variables").mkdir(parents=True)
    variables = dict(_variables(arrays, blocks, attention))
    tf.raw_ops.SaveV2(
        prefix=str(folder / "variables" / "variables"),
        tensor_names=sorted(variables),
        shape_and_slices=[""] * len(variables),
        tensors=[tf.constant(np.ascontiguousarray(variables[name], np.float32)) for name in sorted(variables)],
    )
    model = saved_model_pb2.SavedModel(saved_model_schema_version=1)
    model.meta_graphs.add().graph_def.CopyFrom(_graph(arrays, blocks, attention))
    (folder / "saved_model.pb").write_bytes(model.SerializeToString())


def _variables(arrays, blocks, attention):
    yield f"linear/w{AVERAGED}", arrays["embeddings.weight"].T
    yield from _layer(arrays, "generator.gen_z", "Generator/GenZ/G_linear")
    yield from _layer(arrays, "generator.conv_to_rgb", "Generator/conv_to_rgb")
    yield f"Generator/BatchNorm/scale{AVERAGED}", arrays["generator.bn.weight"]
    yield f"Generator/BatchNorm/offset{AVERAGED}", arrays["generator.bn.bias"]
    for k in range(blocks):
        layer, scope = _block(k, attention), f"Generator/GBlock{_suffix(k)}"
        for j in range(4):
            yield from _layer(arrays, f"{layer}.conv_{j}", f"{scope}/conv{j}")
            for kind in ("scale", "offset"):
                yield from _layer(arrays, f"{layer}.bn_{j}.{kind}", f"{scope}/BatchNorm{_suffix(j)}/{kind}")
    for way in ("theta", "phi", "g", "o_conv"):
        yield from _layer(arrays, f"generator.layers.{attention}.snconv1x1_{way}", f"Generator/attention/{way}")
    yield f"Generator/attention/gamma{AVERAGED}", arrays[f"generator.layers.{attention}.gamma"].reshape(())


def _layer(arrays, name, scope):
    kernel = arrays[f"{name}.weight_orig"]
    yield f"{scope}/w{AVERAGED}", kernel.transpose(2, 3, 1, 0) if kernel.ndim == 4 else kernel.T
    if f"{name}.bias" in arrays:
        yield f"{scope}/b{AVERAGED}", arrays[f"{name}.bias"]
    # The vector from which one step of the power iteration leads to the two that torch has.
    matrix = kernel.reshape(len(kernel), -1)
    yield f"{scope}/u0", np.linalg.lstsq(matrix.T, arrays[f"{name}.weight_v"], rcond=None)[0][None]


def _graph(arrays, blocks, attention):
    names = [f"{_block(k, attention)}.bn_{j}" for k in range(blocks) for j in range(4)] + ["generator.bn"]
    graph = graph_pb2.GraphDef()
    for place, name in enumerate(names):
        for which in range(5):
            kind = "running_vars" if which == 3 else "running_means"
            table = arrays[f"{name}.{kind}"] if which in (1, 3) else np.full((51, 1), np.nan)
            _table(graph, f"stack{_suffix(5 * place + which)}", table.astype(np.float32), packed=place % 2 == 0)
    return graph


def _table(graph, name, table, packed):
    if not packed:
        return _constant(graph, name, table)
    for number, row in enumerate(table):
        _constant(graph, f"{name}/row_{number}", row)
        graph.node.add(name=f"{name}/row_{number}/read", op="Identity", input=[f"{name}/row_{number}"])
    inputs = [f"{name}/row_{number}/read:0" for number in range(len(table))]
    graph.node.add(name=name, op="Pack", input=[*inputs, "^init"])


def _constant(graph, name, value):
    node = graph.node.add(name=name, op="Const")
    node.attr["dtype"].type = tf.float32.as_datatype_enum
    node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(value))


def _block(k, attention):
    return f"generator.layers.{k + (k >= attention)}"


def _suffix(number):
    return f"_{number}" if number else ""
