"""Names that no system keeps for itself, so that a file or folder of that name can be copied to any of them."""

import re

# Windows' devices, whatever follows a dot.
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)


def is_device(name: str) -> bool:
    """Whether Windows takes a file's name for a device.

    >>> is_device("aux.wav"), is_device("auxiliary.wav")
    (True, False)
    """
    return bool(_DEVICE.fullmatch(name))


def refuse_device(what: str, name: str) -> None:
    """Refuse a name that Windows takes for a device, on all systems.

    Args:
        what: what is named, such as "a session".
        name: its name.

    Raises:
        ValueError: it is one.
    """
    if is_device(name):
        raise ValueError(f"{what} cannot be called {name!r:.60}: on Windows that is a device")
