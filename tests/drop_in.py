"""What the drop-in puts into arrays: what the model makes, with its gain, below -1 dBFS."""

import numpy as np

from core.audio.live_level import held_blocks


def gains_db(server):
    """Those of the model that is loaded: for its notes, and for its hallucinations."""
    model = server.send("/status")[0].args[0]
    # Loading what is loaded changes nothing.
    level = next(reply for reply in server.send("/sound/load", model) if reply.address == "/sound/level")
    return level.args[1:3]


def assert_at_level(server, wave, wanted, *, hallucination=False, tolerance=1e-3):
    """A wave is what the model makes (`wanted`), at its level."""
    louder = np.concatenate(list(held_blocks([wanted], gains_db(server)[hallucination], 16000)))
    assert wave.shape == louder.shape
    assert np.abs(wave - louder).max() <= tolerance * np.abs(louder).max()
