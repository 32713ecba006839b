"""What a server's replies say."""

import soundfile


def reason(replies):
    """Why a command failed."""
    assert replies[-1].address == "/fail", replies
    return replies[-1].args[2]


def wave(replies):
    """The sound of a command that made one."""
    (path,) = (reply.args[1] for reply in replies if reply.address == "/sound/audio")
    return soundfile.read(path, dtype="float32")[0]
