"""Files as torch writes them, put together by hand: a second opinion on both formats, and a way to hostile ones."""

import io
import pickle
import zipfile
from collections import OrderedDict

import numpy as np

MAGIC, VERSION = 0x1950A86A20F9469CFC6C, 1001
MACHINE = {"protocol_version": VERSION, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}
KINDS = {"<f4": "FloatStorage", "<f2": "HalfStorage", "<f8": "DoubleStorage", "<i8": "LongStorage"}


class Global:
    """Pickled as the mere name of something in a module that need not be there."""

    def __init__(self, module, name):
        self.module, self.name = module, name


class Call:
    """Pickled as a call of a Global."""

    def __init__(self, function, *args):
        self.function, self.args = function, args


class Storage:
    def __init__(self, key, array):
        self.key, self.array = key, array


class _Pickler(pickle._Pickler):
    """Python's own pickler in Python, which can be taught to write what is not there."""

    def save(self, value, save_persistent_id=True):
        if isinstance(value, Global):
            self.write(b"c" + value.module.encode() + b"\n" + value.name.encode() + b"\n")
        elif isinstance(value, Call):
            self.save(value.function)
            self.save(value.args)
            self.write(pickle.REDUCE)
        else:
            super().save(value, save_persistent_id)

    def persistent_id(self, value):
        if isinstance(value, Storage):
            kind = Global("torch", KINDS[value.array.dtype.str])
            return ("storage", kind, value.key, "cpu", value.array.size, *self.view)
        return None


def pickled(value, view=()):
    """`view`: what legacy storages have as a last item."""
    out = io.BytesIO()
    pickler = _Pickler(out, 2)
    pickler.view = view
    pickler.dump(value)
    return out.getvalue()


def tensor(key, array, **changes):
    """A tensor in a storage of its own; `changes` to its offset, shape or strides make it a bad one."""
    strides = tuple(step // array.itemsize for step in array.strides)
    own = {"offset": 0, "shape": array.shape, "strides": strides} | changes
    rebuild = Global("torch._utils", "_rebuild_tensor_v2")
    hooks = Call(Global("collections", "OrderedDict"))
    storage = Storage(key, np.ascontiguousarray(array).ravel())
    return Call(rebuild, storage, own["offset"], own["shape"], own["strides"], False, hooks), storage


def state_dict(arrays):
    """The state dict to pickle, and its storages."""
    made = {name: tensor(str(key), np.ascontiguousarray(array)) for key, (name, array) in enumerate(arrays.items())}
    return OrderedDict((name, one) for name, (one, _) in made.items()), [storage for _, storage in made.values()]


def write_legacy(path, value, storages):
    """As torch before 1.6."""
    parts = [pickled(part) for part in (MAGIC, VERSION, MACHINE)]
    parts += [pickled(value, view=(None,)), pickled([storage.key for storage in storages])]
    parts += [storage.array.size.to_bytes(8, "little") + storage.array.tobytes() for storage in storages]
    path.write_bytes(b"".join(parts))


def write_zip(path, value, storages, compression=zipfile.ZIP_STORED, byteorder=b"little"):
    """As torch since 1.6."""
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("archive/data.pkl", pickled(value))
        archive.writestr("archive/byteorder", byteorder)
        for storage in storages:
            archive.writestr(f"archive/data/{storage.key}", storage.array.tobytes())
        archive.writestr("archive/version", "3\n")
