"""The voice of recorded instruments that ships."""

from pathlib import Path

import numpy as np
import pytest

import ganspace
from core import families
from core.audio.levels import rms_db
from gansynth import checkpoint
from gansynth.level import measure

FOLDER = Path(__file__).parent.parent / "models" / "gansynth" / "orchestra"


@pytest.fixture(scope="module")
def orchestra():
    return families.load(FOLDER)


def test_it_has_four_octaves_and_families():
    about = families.sound_description(FOLDER)
    assert (about.pitches, about.conditions) == (tuple(range(36, 85)), ("family",))


def test_it_is_in_tune(orchestra):
    assert measure(orchestra).in_tune >= 0.9


def test_a_marimba_dies_away_and_a_string_stays(orchestra):
    def fall_db(family):
        z = orchestra.prior.draw(np.random.default_rng(2), 8, {"family": family})
        waves = orchestra.generate(z, [60] * 8, conditions={"family": [family]})
        return np.median([rms_db(wave[1600:4800]) - rms_db(wave[14400:17600]) for wave in waves])

    assert fall_db("mallet") > fall_db("string") + 10


def test_its_directions_belong_to_its_weights():
    assert ganspace.load(FOLDER / "orchestra_conv0.npz").origin.checksum == checkpoint.checksum(FOLDER)


def test_random_timbres_lie_where_its_instruments_are(orchestra):
    z = orchestra.prior.draw(np.random.default_rng(1), 2000)
    # Of latents that lie all around, the widest direction would have 1.6.
    assert np.linalg.eigvalsh(np.cov(z.T))[-1] > 2
