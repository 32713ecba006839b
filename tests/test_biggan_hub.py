"""A TF-Hub module folder with the published names gives the same pictures as the Hugging Face folder."""

import shutil
from pathlib import Path

import hub_folder
import numpy as np
import pytest

from core.formats import saved_model, torch_file
from renderer import biggan

SMALL = Path(__file__).parent / "data" / "biggan_small"


@pytest.fixture(scope="module")
def module(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hub") / "biggan-deep-128"
    hub_folder.write(folder, torch_file.read(SMALL / "pytorch_model.bin"))
    return folder


@pytest.fixture
def own(module, tmp_path):
    """A copy to spoil."""
    return Path(shutil.copytree(module, tmp_path / "own"))


def test_frames_are_the_same(module):
    with np.load(SMALL / "reference.npz", allow_pickle=False) as file:
        z, y, images = (file[name][:2] for name in ("z", "y", "images"))
    assert np.abs(biggan.load(module).generate(z, y, [1.0, 0.5]) - images).max() < 1e-3


def test_shape_is_told_by_the_tables(module):
    config = biggan.read_config(module)
    assert (config.resolution, config.channel_width, config.rows, config.name) == (128, 6, 51, "biggan-deep-128")


def test_a_missing_variable_is_named(own):
    arrays = torch_file.read(SMALL / "pytorch_model.bin")
    variables = dict(hub_folder._variables(arrays, 10, 8))
    del variables["Generator/GBlock_3/conv2/w/ema_0.9999"]
    import tensorflow as tf

    tf.raw_ops.SaveV2(
        prefix=str(own / "variables" / "variables"),
        tensor_names=list(variables),
        shape_and_slices=[""] * len(variables),
        tensors=[np.float32(value) for value in variables.values()],
    )
    with pytest.raises(ValueError, match=r"no variable Generator/GBlock_3/conv2/w/ema_0\.9999"):
        biggan.load(own)


def test_tables_that_are_no_constants_are_named(own):
    path = own / "saved_model.pb"
    from tensorflow.core.protobuf import saved_model_pb2

    model = saved_model_pb2.SavedModel.FromString(path.read_bytes())
    node = next(node for node in model.meta_graphs[0].graph_def.node if node.name == "stack_1")
    node.op = "VarHandleOp"
    path.write_bytes(model.SerializeToString())
    with pytest.raises(ValueError, match="stack_1 is a VarHandleOp, not a constant of the graph"):
        biggan.read_config(own)


def test_another_module_is_refused(own):
    (own / "saved_model.pb").write_bytes(b"")
    with pytest.raises(ValueError, match=r"saved_model.pb has no tables of batch norm as BigGAN-deep's"):
        biggan.load(own)


def test_a_cut_graph_is_damaged(own):
    path = own / "saved_model.pb"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ValueError, match="cannot be read as a SavedModel"):
        biggan.load(own)


@pytest.mark.parametrize("seed", range(20))
def test_a_graph_of_noise_is_refused_and_not_more(tmp_path, seed):
    path = tmp_path / "saved_model.pb"
    path.write_bytes(np.random.default_rng(seed).bytes(200))
    try:
        assert isinstance(saved_model.read(path), list)
    except ValueError as error:
        assert str(path) in str(error)


def test_a_circle_of_nodes_ends():
    from tensorflow.core.framework import graph_pb2

    graph = graph_pb2.GraphDef()
    graph.node.add(name="a", op="Identity", input=["b"])
    graph.node.add(name="b", op="Identity", input=["a"])
    with pytest.raises(ValueError, match="not a constant of the graph"):
        saved_model.constant(saved_model.read_graph(graph.SerializeToString()), "a")
