"""An instrument with a fake model: no sockets, no engine thread."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from recorded_request import RecordedRequest

from gansynth.latent_prior import LatentPrior
from server.catalog import Catalog
from server.engine.work import EngineWork
from server.sinks.wav_spool import WavSink, WavSpool


class FakeModel:
    """Notes of one second at 1000 Hz, a constant each: the mean of z plus the pitch."""

    def __init__(self, folder, latent_size=4):
        self.name, self.pitches, self.latent_size = folder.name, (30, 31, 32, 40), latent_size
        self.audio_length = self.sample_rate = 1000
        self.prior = LatentPrior(latent_size)

    def generate(self, z, pitches, *, conditions=None, length=None, progress=None):
        return np.stack(list(self.notes(z, pitches, length=length, progress=progress)))

    def notes(self, z, pitches, *, conditions=None, length=None, progress=None):
        report = progress or (lambda done, total: None)
        for done, level in enumerate(np.mean(z, axis=1, dtype=np.float32) + np.asarray(pitches, np.float32)):
            report(done, len(z))
            yield np.full(length or self.audio_length, level, np.float32)
        report(len(z), len(z))

    def warm_up(self):
        pass


class Listener:
    """Keeps what is reported to it."""

    def __init__(self):
        self.events = []

    def loaded(self, *facts):
        self.events.append(("loaded", *facts))

    def busy(self, busy):
        self.events.append(("busy", busy))

    def rendered(self, sound):
        self.events.append(("rendered", sound))


@dataclass
class Instrument:
    """Everything but sockets and threads."""

    ask: Callable
    catalog: Catalog
    work: EngineWork
    spool: WavSpool
    listener: Listener
    again: Callable

    @property
    def session(self):
        return self.work.session


@pytest.fixture
def instrument(tmp_path):
    """Send commands to work with the fake model loaded; `.session`, `.again()` for the next process."""
    for name in ("fake", "other"):
        (tmp_path / "models" / "gansynth" / name / "stage_00000").mkdir(parents=True)

    def make():
        sizes = {"fake": 4, "other": 6}
        catalog = Catalog((tmp_path / "models",), lambda folder: FakeModel(folder, sizes[folder.name]))
        spool, listener = WavSpool(tmp_path / "spool"), Listener()
        work = EngineWork(catalog, tmp_path / "state.npz", listener, idle=spool.clean)

        def ask(*message, rate=0):
            return work.perform(RecordedRequest(*message, sink=WavSink(spool, rate)))

        return Instrument(ask, catalog, work, spool, listener, make)

    instrument = make()
    instrument.ask("/sound/load", "fake")
    return instrument
