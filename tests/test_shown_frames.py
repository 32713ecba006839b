"""Frames that were shown: what the renderer keeps in mind, how it is asked, what arrives."""

import time

import numpy as np
import pytest
from link_peer import Renderer
from live_controller import controller  # noqa: F401 - a fixture
from test_live_link import linked, server  # noqa: F401 - fixtures
from waiting import PATIENCE_S

from renderer.ipc import messages
from renderer.ipc.messages import Event
from renderer.live.frame_memory import EDGE, LONGEST_S, FrameMemory
from renderer.web.frames import Frames
from server.link.publisher import Publisher
from server.link.shown_frames import FrameQuestions, ShownFrames


class Clock:
    now_s = 100.0

    def __call__(self):
        return self.now_s


def grey(value, size=128):
    return np.full((size, size, 3), value, np.uint8)


@pytest.fixture
def shown():
    """Frames, their memory, and its clock."""
    frames, clock = Frames(), Clock()
    return frames, FrameMemory(frames, clock), clock


def put(shown, values, step_s=0.1):
    frames, _, clock = shown
    for value in values:
        frames.put(grey(value))
        clock.now_s += step_s


def test_nothing_is_kept_before_somebody_asks(shown):
    put(shown, range(5))
    assert len(shown[1].recent(10.0)[0]) == 0


def test_the_picture_that_is_shown_is_the_first_that_is_kept(shown):
    put(shown, [1, 2])
    shown[1].watch()
    shown[2].now_s += 0.1
    put(shown, [3])
    assert shown[1].recent(10.0)[0][:, 0, 0, 0].tolist() == [2, 3]


def test_frames_come_with_their_age_and_the_one_before_the_first_second(shown):
    shown[1].watch()
    put(shown, range(10))
    frames, ages_s = shown[1].recent(0.25)
    assert frames.shape[1:] == (EDGE, EDGE, 3)
    assert frames[:, 0, 0, 0].tolist() == [7, 8, 9] and ages_s == pytest.approx([0.3, 0.2, 0.1], abs=1e-3)


def test_thumbnails_are_means_of_areas(shown):
    shown[1].watch()
    frame = np.zeros((128, 128, 3), np.uint8)
    frame[::2] = 200
    shown[0].put(frame)
    assert (shown[1].recent(1.0)[0] == 100).all()


def test_only_the_last_half_minute_is_kept(shown):
    shown[1].watch()
    put(shown, [number % 250 for number in range(400)])
    _, ages_s = shown[1].recent(1000.0)
    assert LONGEST_S - 0.2 < ages_s[0] <= LONGEST_S + 0.11


def test_keeping_a_frame_takes_far_less_than_rendering_one(shown):
    shown[1].watch()
    frames, clock, picture = shown[0], shown[2], grey(3, 256)
    begun = time.perf_counter()
    for _ in range(100):
        clock.now_s += 0.1
        frames.put(picture)
    assert (time.perf_counter() - begun) / 100 < 0.005


def test_frames_at_a_steady_rate_are_those_that_were_seen_then():
    frames = np.stack([grey(value, 8) for value in (1, 2, 3)])
    found = ShownFrames(frames, np.array([1.0, 0.6, 0.1], np.float32)).at_rate(10.0, 1.0)
    assert found[:, 0, 0, 0].tolist() == [1, 1, 1, 1, 2, 2, 2, 2, 2, 3]


def test_where_less_is_known_it_is_that():
    found = ShownFrames(grey(5, 8)[None], np.array([0.5], np.float32)).at_rate(10.0, 4.0)
    assert len(found) == 5


def test_nothing_shown_is_said():
    with pytest.raises(ValueError, match="no picture has been shown yet"):
        ShownFrames(np.zeros((0, 8, 8, 3), np.uint8), np.zeros(0, np.float32)).at_rate(10.0, 1.0)


def part(number, count=2, last=False, **changes):
    fields = {"id": number, "last": last} | {key: value for key, value in changes.items() if key in ("id", "last")}
    arrays = {"frames": np.zeros((count, 8, 8, 3), np.uint8), "ages_s": np.arange(count, 0, -1).astype(np.float32)}
    return Event("frames", fields, arrays | {key: value for key, value in changes.items() if key in arrays})


def test_an_answer_is_complete_with_its_last_part():
    questions, answers = FrameQuestions(), []
    number = questions.open(lambda frames, error: answers.append((len(frames.frames), error)), 0.0)
    questions.take(part(number))
    assert answers == []
    questions.take(part(number, last=True))
    questions.take(part(number, last=True))
    assert answers == [(4, "")]


@pytest.mark.parametrize(
    "changes",
    [
        {"frames": np.zeros((2, 8, 8), np.uint8)},
        {"frames": np.zeros((2, 8, 8, 3), np.float32)},
        {"frames": np.zeros((2, 9, 8, 3), np.uint8)},
        {"ages_s": np.ones(3, np.float32)},
        {"ages_s": np.array([0.1, 0.2], np.float32)},
        {"ages_s": np.array([0.1, -0.2], np.float32)},
    ],
)
def test_an_answer_that_breaks_a_rule_is_refused(changes):
    questions = FrameQuestions()
    number = questions.open(lambda frames, error: None, 0.0)
    with pytest.raises(ValueError, match="frames"):
        questions.take(part(number, **changes))


@pytest.mark.parametrize("now_s, gone", [(31.0, False), (0.1, True)])
def test_a_renderer_that_does_not_answer_is_given_up(now_s, gone):
    questions, answers = FrameQuestions(), []
    questions.open(lambda frames, error: answers.append((frames, error)), 0.0)
    questions.give_up(now_s, gone)
    questions.give_up(now_s, gone)
    assert [(frames, "did not send" in error) for frames, error in answers] == [(None, True)]


def test_a_renderer_answers_in_parts(server, linked, controller):  # noqa: F811
    server.welcome()
    clock = controller.memory._clock = Clock()
    controller.memory.watch()
    put((controller.frames, controller.memory, clock), range(150))
    server.send("frames", {"id": 7, "seconds": 1e9})
    parts = [server.receive("frames")]
    while not parts[-1].fields["last"]:
        parts.append(server.receive("frames"))
    assert len(parts) > 1 and {one.fields["id"] for one in parts} == {7}
    assert all(sum(len(frame) for frame in messages.encode("frames", {}, **one.arrays)) < 1 << 20 for one in parts)


@pytest.mark.parametrize("fields", [{"id": "x", "seconds": 1}, {"id": 1}, {"id": 1, "seconds": -1}])
def test_a_malformed_question_changes_nothing(server, linked, fields):  # noqa: F811
    server.welcome()
    server.send("frames", fields)
    assert server.ask("/image/truncation", value=0.5) == ([], "")


def test_a_renderer_that_connects_later_is_asked_to_watch():
    publisher = Publisher("127.0.0.1", 0)
    publisher.watch_frames()
    publisher.start()
    try:
        renderer = Renderer(publisher.port).join()
        assert renderer.receive("watch").topic == "watch"
        renderer.close()
    finally:
        publisher.stop()


def test_without_a_renderer_the_question_is_answered_at_once():
    publisher, answers = Publisher("127.0.0.1", 0), []
    publisher.start()
    publisher.ask_frames(1.0, lambda frames, error: answers.append((frames, error)))
    end = time.monotonic() + PATIENCE_S
    while not answers and time.monotonic() < end:
        time.sleep(0.01)
    publisher.stop()
    assert answers[0][0] is None and answers[0][1].startswith("no renderer is connected")
