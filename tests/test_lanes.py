"""Which requests the engine serves before which; no sockets, no model."""

import threading
import time
from dataclasses import dataclass

import pytest
from recorded_request import WAIT_S, RecordedRequest

from server.engine.queue import Engine
from server.osc.packet import Message

FOREVER = float("inf")


@dataclass
class Rest:
    """A second part."""

    ready_s: float = 0.0
    due_s: float = FOREVER


class StepWork:
    """Long work goes on step by step, each when the gate lets it through; everything else is done at once."""

    def __init__(self):
        self.order, self.step, self.begun = [], threading.Semaphore(0), threading.Event()
        # What the first part of a request leaves, by target.
        self.rests = {}
        self.spared = 0

    def prepare(self):
        pass

    def idle(self):
        pass

    def spare(self):
        self.spared += 1
        return self.spared < 3

    def perform(self, request):
        request.check_cancelled()
        name = request.command.targets[0] if request.command.targets else request.command.address
        request.rest = self.rests.pop(name, None)
        if name.startswith("long"):
            for done in range(3):
                self.begun.set()
                assert self.step.acquire(timeout=WAIT_S)
                request.progress(done, 3)
        self.order.append(name)
        return [Message("/sound/audio", (name, "p", 1, 1))]


@pytest.fixture
def work():
    return StepWork()


@pytest.fixture
def engine(work):
    engine = Engine(work)
    engine.start()
    yield engine
    work.step.release(100)
    engine.stop()


def note(target, client="me"):
    return RecordedRequest("/sound/note", target, "slot", 60, client=client)


def long(target="long", client="me"):
    return RecordedRequest("/sound/hallucinate", target, 3, 3, client=client)


def running_long(engine, work, client="me"):
    request = long(client=client)
    engine.submit(request)
    assert work.begun.wait(WAIT_S)
    return request


def ended(*requests):
    return [request.end.address for request in requests]


def test_a_note_is_served_between_two_steps_of_long_work_which_goes_on(engine, work):
    hallucination, played = running_long(engine, work), note("note")
    engine.submit(played)
    work.step.release()
    assert ended(played) == ["/done"] and work.order == ["note"]
    work.step.release(2)
    assert ended(hallucination) == ["/done"] and work.order == ["note", "long"]


def test_a_note_overtakes_long_work_that_waits(engine, work):
    requests = [running_long(engine, work), long("long2"), note("note")]
    for request in requests[1:]:
        engine.submit(request)
    work.step.release(6)
    assert ended(*requests) == ["/done"] * 3
    assert work.order == ["note", "long", "long2"]


def test_a_note_waits_for_what_its_client_has_changed_before(engine, work):
    requests = [running_long(engine, work), RecordedRequest("/sound/randomize_z", "slot", client="me"), note("note")]
    for request in requests[1:]:
        engine.submit(request)
    work.step.release(3)
    assert ended(*requests) == ["/done"] * 3
    assert work.order == ["long", "/sound/randomize_z", "note"]


def test_a_note_does_not_wait_for_what_others_change(engine, work):
    other = RecordedRequest("/sound/randomize_z", "slot", client="other")
    requests = [running_long(engine, work), other, note("note")]
    for request in requests[1:]:
        engine.submit(request)
    work.step.release(3)
    assert ended(*requests) == ["/done"] * 3
    assert work.order == ["note", "long", "/sound/randomize_z"]


def test_controls_and_notes_of_a_client_stay_in_order(engine, work):
    control = RecordedRequest("/sound/slerp_z", "a", "b", "slot", 0.5, client="me")
    requests = [running_long(engine, work), note("one"), control, note("two")]
    for request in requests[1:]:
        engine.submit(request)
    work.step.release(3)
    assert ended(*requests) == ["/done"] * 4
    assert work.order == ["one", "/sound/slerp_z", "two", "long"]


def test_clients_take_turns_at_notes(engine, work):
    requests = [running_long(engine, work), *(note(f"mine{i}") for i in range(3)), note("other", client="other")]
    for request in requests[1:]:
        engine.submit(request)
    work.step.release(3)
    assert ended(*requests) == ["/done"] * 5
    assert work.order.index("other") < 2


def test_a_flood_of_notes_does_not_stop_long_work(engine, work, monkeypatch):
    monkeypatch.setattr("server.engine.queue.LIVE_IN_A_ROW", 2)
    requests = [running_long(engine, work), *(note(f"note{number}") for number in range(9))]
    for request in requests[1:]:
        engine.submit(request)
    work.step.release(3)
    assert ended(*requests) == ["/done"] * 10
    assert work.order.index("long") == 6


def test_a_flood_of_notes_does_not_keep_long_work_waiting(engine, work, monkeypatch):
    monkeypatch.setattr("server.engine.queue.LIVE_IN_A_ROW", 2)
    requests = [running_long(engine, work), long("short", "other"), *(note(f"note{number}") for number in range(9))]
    for request in requests[1:]:
        engine.submit(request)
    work.step.release(3)
    assert ended(*requests) == ["/done"] * 11
    assert work.order.index("short") == 7


def test_a_part_is_answered_before_the_rest_is_done(engine, work):
    work.rests["head"] = Rest(ready_s=FOREVER)
    request = note("head")
    engine.submit(request)
    assert ended(note_after(engine)) == ["/done"]
    assert request.replies == [Message("/sound/audio", ("head", "p", 1, 1))]


def note_after(engine):
    request = note("after")
    engine.submit(request)
    return request


def test_notes_go_before_the_rest_of_others(engine, work):
    hallucination = running_long(engine, work)
    work.rests["head"] = Rest()
    requests = [note("head"), note("two")]
    for request in requests:
        engine.submit(request)
    work.step.release(3)
    assert ended(hallucination, *requests) == ["/done"] * 3
    assert work.order == ["head", "two", "head", "long"]


def test_a_rest_that_is_due_goes_before_notes(engine, work):
    hallucination = running_long(engine, work)
    work.rests["head"] = Rest(due_s=0.0)
    requests = [note("head"), note("two")]
    for request in requests:
        engine.submit(request)
    work.step.release(3)
    assert ended(hallucination, *requests) == ["/done"] * 3
    assert work.order == ["head", "head", "two", "long"]


def test_a_rest_waits_until_it_is_ready(engine, work):
    begun_s = time.monotonic()
    work.rests["head"] = Rest(ready_s=begun_s + 0.1)
    request = note("head")
    engine.submit(request)
    assert ended(request) == ["/done"] and time.monotonic() >= begun_s + 0.1


def test_cancel_reaches_a_request_that_waits_for_its_rest(engine, work):
    work.rests["head"] = Rest(ready_s=FOREVER)
    request = note("head")
    engine.submit(request)
    assert ended(note_after(engine)) == ["/done"]
    assert engine.cancel("head")
    assert request.end.args[2] == "cancelled"


def test_a_request_that_waits_for_its_rest_ends_when_the_server_stops(engine, work):
    work.rests["head"] = Rest(ready_s=FOREVER)
    request = note("head")
    engine.submit(request)
    assert ended(note_after(engine)) == ["/done"]
    engine.stop()
    assert request.end.args[2] == "the server is stopping"


def test_spare_time_is_used_until_nothing_is_left(engine, work):
    engine.submit(request := note("note"))
    assert ended(request) == ["/done"]
    end_s = time.monotonic() + WAIT_S
    while work.spared < 3 and time.monotonic() < end_s:
        time.sleep(0.01)
    assert work.spared == 3


def test_spare_time_is_used_while_a_stream_plays(engine, work):
    work.rests["stream"] = Rest(ready_s=FOREVER)
    engine.submit(RecordedRequest("/sound/stream", "stream", 3, 0.2, 0.0, 0.1, 0.2, 0.1, 60))
    assert ended(note_after(engine)) == ["/done"]
    work.spared, end_s = 0, time.monotonic() + WAIT_S
    while work.spared < 3 and time.monotonic() < end_s:
        engine.submit(RecordedRequest("/sound/stream_position", "stream", 1.0))
        time.sleep(0.02)
    assert work.spared == 3


class Due:
    """A part that is always due in so many seconds."""

    ready_s = FOREVER

    def __init__(self, left_s):
        self.left_s = left_s

    @property
    def due_s(self):
        return time.monotonic() + self.left_s


@pytest.mark.parametrize(("left_s", "done"), [(0.05, False), (0.5, True)])
def test_spare_work_leaves_a_stream_the_time_that_it_needs(engine, work, monkeypatch, left_s, done):
    spared = threading.Event()

    def spare():
        spared.set()
        return not threading.Event().wait(0.05)

    monkeypatch.setattr(work, "spare", spare)
    engine.submit(request := note("note"))
    assert ended(request) == ["/done"] and spared.wait(WAIT_S)
    work.rests["stream"] = Due(left_s)
    engine.submit(RecordedRequest("/sound/stream", "stream", 3, 0.2, 0.0, 0.1, 0.2, 0.1, 60))
    assert ended(note_after(engine)) == ["/done"]
    spared.clear()
    assert spared.wait(0.6) == done
