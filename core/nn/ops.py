"""The operations that networks are written in, and their three implementations.

A network is a pure function whose first argument is a namespace of operations:

    def layer(ops, weights, x):
        return ops.relu(ops.conv(x, weights["kernel"], 1, "same") + weights["bias"])

The operations have the names, the arguments and the meaning of `keras.ops`; maps are [n, height, width, channels].
Whoever calls the function decides what runs it:

| namespace              | what it gives                                            | for                    |
|------------------------|----------------------------------------------------------|------------------------|
| `keras.ops`            | tensors of TensorFlow or JAX, with gradients             | training, NVIDIA GPUs  |
| `core.nn.openvino_ops` | nodes of an OpenVINO graph, see `core.nn.engine.compile` | playing                |
| `core.nn.numpy_ops`    | NumPy arrays                                             | spectra, tests         |

Tensors of all three understand + - * / with each other, numbers and arrays, slices as in `x[:, :4, None]`, and `shape`,
a tuple of integers (the batch may be None in Keras). Each implementation has the operations that some network needs; a
new one is a row in its table and a row in tests/test_ops.py, which compares all three. Weights may be NumPy arrays
everywhere. For speed in OpenVINO a convolution's kernel must be one, not a tensor that the network computes.
"""

from typing import Any

# A module of operations.
Ops = Any
# What its operations take and give.
Tensor = Any
