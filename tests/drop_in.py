"""What the drop-in puts into arrays: what the model makes, with its gain, below -1 dBFS."""

import numpy as np

from core.audio.live_level import held_blocks
from gansynth.level import hallucination_db


def gains_db(server):
    """Those of the model that is loaded: for its notes, and for its streams."""
    model = server.send("/status")[0].args[0]
    # Loading what is loaded changes nothing.
    level = next(reply for reply in server.send("/sound/load", model) if reply.address == "/sound/level")
    return level.args[1:3]


def assert_at_level(server, wave, wanted, *, hallucination=False, stream=False, tolerance=1e-3):
    """A wave is what the model makes (`wanted`), at the model's level, or a hallucination's own."""
    gain_db = hallucination_db(wanted, 16000) if hallucination else gains_db(server)[stream]
    louder = np.concatenate(list(held_blocks([wanted], gain_db, 16000)))
    assert wave.shape == louder.shape
    assert np.abs(wave - louder).max() <= tolerance * np.abs(louder).max()
