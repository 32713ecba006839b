"""The engine with work of its own; no sockets, no model."""

import threading

import pytest
from recorded_request import WAIT_S, RecordedRequest

from server.engine.queue import Engine, EngineStatus
from server.engine.request import Cancelled
from server.osc.packet import Message


class GatedWork:
    """Work that waits until it is let through, then counts to ten with progress."""

    def __init__(self):
        self.gate, self.begun, self.order = threading.Event(), threading.Event(), []

    def prepare(self):
        pass

    def idle(self):
        pass

    def spare(self):
        return False

    def perform(self, request):
        self.begun.set()
        while not self.gate.wait(0.005):
            request.progress(0, 10)
        self.order.append(request.command.targets)
        if request.command.targets == ("broken",):
            raise ZeroDivisionError("a fault of ours")
        if request.command.targets == ("bad",):
            raise ValueError("bad value\n" + "x" * 500)
        for done in range(11):
            request.progress(done, 10)
        request.commit()
        return [Message("/sound/audio", (*request.command.targets, "p", 1, 1))]


@pytest.fixture
def work():
    return GatedWork()


@pytest.fixture
def engine(work):
    engine = Engine(work, limit=3)
    engine.start()
    yield engine
    work.gate.set()
    engine.stop()


def hallucinate(target, client=None):
    return RecordedRequest("/sound/hallucinate", target, 3, 3, client=client)


def running(engine, work, target="one"):
    request = hallucinate(target)
    engine.submit(request)
    assert work.begun.wait(WAIT_S)
    return request


def test_requests_are_served_in_order(engine, work):
    requests = [running(engine, work), hallucinate("two"), hallucinate("three")]
    for request in requests[1:]:
        engine.submit(request)
    work.gate.set()
    assert [request.end.address for request in requests] == ["/done"] * 3
    assert work.order == [("one",), ("two",), ("three",)]


def test_replies_come_before_done(engine, work):
    work.gate.set()
    request = running(engine, work)
    assert request.end == Message("/done", ("/sound/hallucinate", "one"))
    assert request.replies[-2].address == "/sound/audio"


def test_progress_ends_with_the_last_step_and_is_throttled(engine, work):
    work.gate.set()
    request = running(engine, work)
    assert request.end.address == "/done"
    steps = [reply.args for reply in request.replies if reply.address == "/progress"]
    assert steps[-1] == ("/sound/hallucinate", "one", 10, 10)
    assert len(steps) < 8


def test_a_full_queue_fails_at_once(engine, work):
    running(engine, work)
    waiting = [hallucinate(f"w{number}") for number in range(4)]
    for request in waiting:
        engine.submit(request)
    assert waiting[3].end.args[:2] == ("/sound/hallucinate", "w3")
    assert "full" in waiting[3].end.args[2]


def test_clients_take_turns(engine, work):
    requests = [running(engine, work, "now"), *(hallucinate(f"a{number}", "A") for number in (1, 2))]
    for request in [*requests[1:], hallucinate("b1", "B")]:
        engine.submit(request)
    work.gate.set()
    assert [request.end.address for request in requests] == ["/done"] * 3
    assert work.order == [("now",), ("a1",), ("b1",), ("a2",)]


def test_a_client_that_fills_the_queue_leaves_room_for_another(engine, work):
    running(engine, work)
    greedy, other = [hallucinate(f"a{number}", "A") for number in range(3)], hallucinate("b", "B")
    for request in [*greedy, other]:
        engine.submit(request)
    assert "full" in greedy[2].end.args[2]
    work.gate.set()
    assert other.end.address == "/done"


def test_status_tells_what_waits_and_what_runs(engine, work):
    running(engine, work)
    engine.submit(hallucinate("two"))
    assert engine.status() == EngineStatus(1, "one")


def test_status_of_an_idle_engine(engine):
    assert engine.status() == EngineStatus(0, "-")


def test_cancel_reaches_the_running_request(engine, work):
    request = running(engine, work)
    assert engine.cancel("one")
    assert request.end == Message("/fail", ("/sound/hallucinate", "one", "cancelled"))


def test_cancel_reaches_a_queued_request(engine, work):
    first, second = running(engine, work), hallucinate("two")
    engine.submit(second)
    assert engine.cancel("two")
    assert second.end.args[2] == "cancelled"
    work.gate.set()
    assert first.end.address == "/done"
    assert work.order == [("one",)]


def test_cancel_of_nothing_says_so(engine):
    assert not engine.cancel("one")


def test_a_finished_request_cannot_be_cancelled(engine, work):
    work.gate.set()
    request = running(engine, work)
    assert request.end.address == "/done"
    assert not request.cancel()


def test_what_is_committed_cannot_be_cancelled():
    request = hallucinate("x")
    request.commit()
    assert not request.cancel()


def test_what_is_cancelled_cannot_be_committed():
    request = hallucinate("x")
    request.cancel()
    with pytest.raises(Cancelled):
        request.commit()


def test_a_request_ends_once():
    request = hallucinate("x")
    request.fail("first")
    request.succeed([])
    request.fail("second")
    assert [reply.args[2] for reply in request.replies] == ["first"]


def test_an_error_of_ours_becomes_a_fail_and_the_engine_goes_on(engine, work):
    work.gate.set()
    broken, after = hallucinate("broken"), hallucinate("after")
    engine.submit(broken)
    engine.submit(after)
    assert broken.end.args[2] == "internal error: ZeroDivisionError: a fault of ours"
    assert after.end.address == "/done"


def test_a_reason_is_one_line_of_at_most_200_characters(engine, work):
    work.gate.set()
    request = hallucinate("bad")
    engine.submit(request)
    assert request.end.args[2].startswith("bad value x")
    assert len(request.end.args[2]) == 200


def test_stopping_fails_what_runs_and_what_waits(engine, work):
    requests = [running(engine, work), hallucinate("two")]
    engine.submit(requests[1])
    assert engine.stop()
    assert [request.end.args[2] for request in requests] == ["the server is stopping"] * 2


def test_stopping_does_not_wait_for_work_that_does_not_listen():
    stuck = GatedWork()
    stuck.perform = lambda request: stuck.begun.set() or stuck.gate.wait(WAIT_S)
    engine = Engine(stuck)
    engine.start()
    request = running(engine, stuck)
    assert not engine.stop(patience_s=0.05)
    assert request.end.args[2] == "the server is stopping"
    stuck.gate.set()


def test_status_does_not_wait_while_the_engine_tidies_up(monkeypatch):
    monkeypatch.setattr("server.engine.queue.IDLE_S", 0.01)
    tidy = GatedWork()
    tidy.idle = lambda: tidy.begun.set() or tidy.gate.wait(WAIT_S)
    engine = Engine(tidy)
    engine.start()
    assert tidy.begun.wait(WAIT_S)
    assert engine.status() == EngineStatus(0, "-")
    tidy.gate.set()
    engine.stop()


def test_an_engine_survives_trouble_while_it_tidies_up(monkeypatch):
    monkeypatch.setattr("server.engine.queue.IDLE_S", 0.01)
    work = GatedWork()
    work.idle = lambda: work.begun.set() or 1 / 0
    engine = Engine(work)
    engine.start()
    assert work.begun.wait(WAIT_S)
    work.gate.set()
    request = hallucinate("after")
    engine.submit(request)
    assert request.end.address == "/done"
    engine.stop()


def test_a_stopped_engine_refuses(engine):
    engine.stop()
    request = hallucinate("x")
    engine.submit(request)
    assert request.end.args[2] == "the server is stopping"


class Waiting:
    """The next part of a request: one that is never ready."""

    ready_s = due_s = float("inf")


class PartedWork(GatedWork):
    """Work of which a part remains."""

    def perform(self, request):
        self.begun.set()
        self.gate.wait(WAIT_S)
        request.rest = Waiting()
        return []


def test_cancelled_during_a_part_it_ends_at_once_though_the_next_part_is_not_ready():
    work = PartedWork()
    engine = Engine(work)
    engine.start()
    request = running(engine, work)
    assert engine.cancel("one")
    work.gate.set()
    assert request.end.args[-1] == "cancelled"
    engine.stop()
