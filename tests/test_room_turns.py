"""What rooms share: turns, models in memory, and the space for files."""

import os
from pathlib import Path

import numpy as np
from recorded_request import RecordedRequest
from room_parts import ages

import gansynth
from server.catalog import Catalog
from server.engine.fair_queue import FairQueue
from server.engine.work import EngineWork
from server.rooms.folders import RoomFolders
from server.rooms.room import RoomStore
from server.sinks.wav_spool import WavSink, WavSpool


def test_rooms_take_turns_whatever_a_room_has_of_clients():
    queue = FairQueue(10)
    for client, room in (("a", "crowd"), ("b", "crowd"), ("c", "crowd"), ("d", "one")):
        queue.put(RecordedRequest("/sound/hallucinate", client, 3, 3, client=client, room=room))
    assert [queue.take().client for _ in range(4)] == ["a", "d", "b", "c"]


def test_a_full_queue_takes_a_place_from_the_fullest_room():
    queue = FairQueue(4)
    for number in range(4):
        queue.put(RecordedRequest("/sound/hallucinate", f"t{number}", 3, 3, client=number, room="crowd"))
    lone = RecordedRequest("/sound/hallucinate", "t", 3, 3, client="x", room="one")
    displaced = queue.put(lone)
    assert (displaced.room, queue.count("crowd"), queue.count("one")) == ("crowd", 3, 1)


def test_live_notes_of_rooms_take_turns():
    queue = FairQueue(10)
    for client, room in (("a", "crowd"), ("b", "crowd"), ("d", "one")):
        queue.put(RecordedRequest("/sound/note", client, "s", 60, client=client, room=room))
    assert [queue.take_live(lambda one: True).client for _ in range(3)] == ["a", "d", "b"]


class Listener:
    def __getattr__(self, name):
        return lambda *args: None


def test_a_model_is_in_memory_once_for_all_rooms_and_read_again_when_none_has_it(tmp_path, band):
    loads, spool = [], WavSpool(tmp_path / "spool")
    catalog = Catalog((band,), lambda folder: loads.append(folder) or gansynth.load(folder))
    store = RoomStore(RoomFolders(tmp_path / "rooms"), spool)
    work = EngineWork(catalog, tmp_path / "state.npz", Listener(), idle=spool.clean, store=store)
    for room in ("a", "b", "c"):
        work.perform(RecordedRequest("/sound/load", "band", sink=WavSink(spool), room=room))
    assert len(loads) == 1
    for room in ("a", "b", "c"):
        work.perform(RecordedRequest("/sound/unload", sink=WavSink(spool), room=room))
    work.perform(RecordedRequest("/sound/load", "band", sink=WavSink(spool), room="a"))
    assert len(loads) == 2


def test_a_full_spool_gives_up_files_of_the_room_that_has_most(tmp_path):
    second = np.zeros(16_000, np.float32)
    spool = WavSpool(tmp_path, limit=4 * 64_200)
    mine = spool.room("a").write([second], 16_000)
    others = [file for _ in range(3) for file in spool.room("b").write([second], 16_000)]
    for age_s, file in ((500, mine[0]), *((400 - place, file) for place, file in enumerate(others))):
        os.utime(file.path, ages(age_s))
    spool.room("a").write([second], 16_000)
    assert [Path(file.path).exists() for file in (*mine, *others)] == [True, False, True, True]
