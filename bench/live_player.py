"""Clients that play a running server: notes, and a stream in real time."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from server.osc.client import Client
from server.osc.packet import Message

_GAP_S = 0.05
_RATE = 44100
_WINDOW_S = 0.05
# steps, spacing, start_trim, attack, sustain, release
_SHAPE = (10, 0.2, 0.0, 0.1, 0.4, 0.3)


class Player:
    """A client of a running server.

    Attributes:
        port: the server's.
        pid: of its process.
        pitches: of its model.
    """

    def __init__(self, port: int, pid: int, model: str) -> None:
        self.port, self.pid, self.model = port, pid, model
        self._client = Client("127.0.0.1", port, 120.0)
        loaded, *_ = self.ask("/sound/load", model)
        self.pitches = [int(pitch) for pitch in loaded.args[4:]]
        self.ask("/notify", 0, _RATE)
        self.ask("/sound/randomize_z", "bench", "other")
        self._turn = 0

    def ask(self, *words: Any) -> list[Message]:
        """The replies of a command; a refusal ends the program."""
        replies = list(self._client.ask(*words))
        if replies[-1].address == "/fail":
            sys.exit(f"the server refuses {words[0]}: {replies[-1].args[-1]}")
        return replies

    def replies(self, *words: Any) -> Iterator[Message]:
        """The replies of a command, as they come."""
        return self._client.ask(*words)

    def pitch(self) -> int:
        """The pitches of the model in turn."""
        self._turn += 1
        return self.pitches[self._turn % len(self.pitches)]

    def first_reply_s(self, *words: Any) -> float:
        """Seconds from a message to its first reply; the others are received too."""
        begun = time.perf_counter()
        replies = self._client.ask(*words)
        next(replies)
        took = time.perf_counter() - begun
        for _ in replies:
            pass
        return took

    def head_s(self) -> float:
        """Of a note that is new."""
        self.ask("/sound/randomize_z", "bench")
        time.sleep(_GAP_S)
        return self.first_reply_s("/sound/note", "n", "bench", self.pitch())

    def head_beside_s(self) -> float:
        """Of a new note while another client's hallucination is being generated."""
        with Client("127.0.0.1", self.port, 120.0) as other:
            replies = other.ask("/sound/hallucinate", "long", 5, 5)
            next(replies)
            self.ask("/sound/slerp_z", "bench", "other", "between", np.random.default_rng().uniform())
            took = self.first_reply_s("/sound/note", "n", "between", self.pitch())
            for _ in replies:
                pass
        return took

    def repeated_s(self) -> float:
        """Of a note that was played before."""
        time.sleep(_GAP_S)
        return self.first_reply_s("/sound/note", "n", "other", self.pitches[self._turn % 5])

    def new_z_s(self) -> float:
        """From a new point between two timbres to the head of its note."""
        time.sleep(_GAP_S)
        self._turn += 1
        begun = time.perf_counter()
        self.ask("/sound/slerp_z", "bench", "other", "between", self._turn % 997 / 997)
        set_s = time.perf_counter() - begun
        return set_s + self.first_reply_s("/sound/note", "n", "between", self.pitch())

    def loaded_s(self, models: list[str]) -> float:
        """From loading another model to the head of its first note."""
        self._turn += 1
        begun = time.perf_counter()
        loaded, *_ = self.ask("/sound/load", models[self._turn % len(models)])
        self.ask("/sound/randomize_z", "bench")
        loaded_s = time.perf_counter() - begun
        return loaded_s + self.first_reply_s("/sound/note", "n", "bench", int(loaded.args[4]))

    def memory_mb(self) -> float:
        """Resident memory of the server's process (Linux); nan elsewhere."""
        with suppress(OSError):
            lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
            return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024
        return float("nan")

    def close(self) -> None:
        """Close its socket."""
        self._client.close()


class StreamListener:
    """Plays a stream in real time, and keeps what it receives."""

    def __init__(self, player: Player) -> None:
        self._player = player
        self._client = Client("127.0.0.1", player.port, 30.0)
        self._replies = self._client.ask("/sound/stream", "stream", *_SHAPE, player.pitches[0])
        self._segments: list[tuple[int, str]] = []
        self._begun_s = 0.0
        self.rate, self.underruns = 1, 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()
        while not self._begun_s:
            time.sleep(0.01)

    @property
    def position_s(self) -> float:
        """Where it plays."""
        return time.perf_counter() - self._begun_s

    def _listen(self) -> None:
        for reply in self._replies:
            if reply.address == "/sound/segment":
                self.rate = int(reply.args[4])
                self._segments = [*self._segments[-100:], (int(reply.args[5]), str(reply.args[2]))]
                self._begun_s = self._begun_s or time.perf_counter()
            elif reply.address == "/fail":
                print(f"the stream ended at {self.position_s:.1f} s: {reply.args[-1]}", file=sys.stderr)
        self._ended.set()

    def play(self, seconds: float) -> None:
        """Report the position for a while."""
        end = self.position_s + seconds
        while self.position_s < end:
            for reply in self._player.ask("/sound/stream_position", "stream", self.position_s):
                if reply.address == "/sound/underruns":
                    self.underruns = int(reply.args[1])
            time.sleep(0.05)

    def heard_s(self) -> float:
        """From a message that changes the pitch to the moment when it is heard."""
        old, new = self._player.pitches[0], self._player.pitches[0] + 7
        self.play(1.0 + np.random.default_rng().uniform(0, _SHAPE[1]))
        sent_s = self.position_s
        self._player.ask("/sound/stream_set", "stream", "pitch", new)
        self.play(2.0)
        first = self._first_at(new, old, sent_s)
        self._player.ask("/sound/stream_set", "stream", "pitch", old)
        self.play(1.0)
        return first - sent_s

    def _first_at(self, new: int, old: int, since_s: float) -> float:
        """When the new pitch is first louder than the old one."""
        for start, path in self._segments:
            if start / self.rate < since_s - 0.2:
                continue
            wave, _ = soundfile.read(path)
            size = round(_WINDOW_S * self.rate)
            for begin in range(0, len(wave) - size + 1, size // 2):
                part = wave[begin : begin + size] * np.hanning(size)
                if _level(part, new, self.rate) > _level(part, old, self.rate):
                    return (start + begin) / self.rate
        return float("nan")

    def wave(self) -> np.ndarray:
        """What it has received of its last ten seconds: float [samples]."""
        return np.concatenate([soundfile.read(path)[0] for _, path in self._segments])

    def stop(self) -> None:
        """Stop the stream, and play it to its end."""
        self._player.ask("/sound/stream_stop", "stream")
        while not self._ended.wait(0.05):
            self._player.ask("/sound/stream_position", "stream", self.position_s)
        self._client.close()


class EditedStreams:
    """Streams of one seed, which are the same until their edits change."""

    def __init__(self, player: Player) -> None:
        self._player = player
        player.ask("/sound/load_ganspace_components", "auto")
        self._plain = self._played(4.0)[1]

    def heard_s(self) -> float:
        """From a message that changes the edits to where its client plays what differs."""
        sent_s, wave, rate = self._played(1.0 + np.random.default_rng().uniform(0, _SHAPE[1]), (2.0, -1.0))
        length = min(len(wave), len(self._plain))
        return float(np.argmax(wave[:length] != self._plain[:length]) / rate - sent_s)

    def _played(self, seconds: float, edits: tuple[float, ...] = ()) -> tuple[float, np.ndarray, int]:
        """When the edits were sent, the samples, and their rate."""
        self._player.ask("/sound/seed", 7)
        listener = StreamListener(self._player)
        listener.play(seconds)
        sent_s = listener.position_s
        if edits:
            self._player.ask("/sound/stream_set", "stream", "edits", *edits)
            listener.play(1.0)
        listener.stop()
        return sent_s, listener.wave(), listener.rate


def _level(part: np.ndarray, pitch: int, rate: int) -> float:
    """The level of a pitch's second and third partial, which GAN notes have more of than their fundamental."""
    hertz = 440.0 * 2.0 ** ((pitch - 69) / 12)
    turns = np.arange(len(part)) / rate
    return sum(abs(np.sum(part * np.exp(-2j * np.pi * number * hertz * turns))) for number in (1, 2, 3))
