"""The command table, and what parse makes of datagrams; no server."""

import subprocess
import sys
from pathlib import Path

import pytest
from conftest import datagram
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder

from core.commands.reading import Command, Refusal, read_values
from core.commands.spec import Executor
from core.commands.table import COMMANDS, REPLIES, TABLE
from scripts import osc_docs
from scripts.hallu_send import commands_list
from server.osc.dispatcher import parse
from server.table import FUNCTIONS, AtDoor, AtOnce, Queued

ROOT = Path(__file__).parent.parent


def one(address, *args):
    (item,) = parse(datagram(address, *args))
    return item


def reason(address, *args):
    item = one(address, *args)
    assert isinstance(item, Refusal), item
    return item.reason


def test_every_row_has_its_function_and_every_function_its_row():
    for executor, kind in ((Executor.ENGINE, Queued), (Executor.RECEIVE_THREAD, AtDoor | AtOnce)):
        named = {address for address, function in FUNCTIONS.items() if isinstance(function, kind)}
        assert named == {spec.address for spec in TABLE if spec.executor is executor}


@pytest.mark.parametrize("spec", TABLE, ids=[spec.address for spec in TABLE])
def test_targets_are_names_or_left_out(spec):
    """What may be left out, such as the target of /sound/stop, is not a target: /done would not have words for it."""
    command = one(spec.address, *("x" if arg.kind == "name" else 1 for arg in spec.args if not arg.optional))
    assert all(isinstance(target, str) for target in getattr(command, "targets", ()))


def test_the_contract_is_covered():
    sound = ["load", "unload", "seed", "randomize_z", "set_z", "slerp_z", "synthesize", "hallucinate", "hallucinate_z"]
    sound += ["condition", "conditions", "load_ganspace_components", "set_edits", "edits", "synthesize_noz"]
    sound += ["hallucinate_noz"]
    sound += ["note", "prepare", "stream", "stream_set", "stream_add", "stream_position", "stream_stop"]
    sound += ["hallucinate_path", "hallucinate_noz_path"]
    sound += ["play", "stop", "match", "loop", "settings"]
    sound += ["load_foley", "from_image", "image_loop"]
    image = ["load", "classes", "truncation", "jitter", "smooth", "mode", "bpm", "oscillator", "record", "snapshot"]
    image += ["status", "settings", "load_ganspace_components", "edits", "bend", "noise", "displace", "signal", "map"]
    image += ["mix", "output", "fade"]
    named = {f"/sound/{name}" for name in sound} | {f"/image/{name}" for name in image}
    named |= {f"/session/{name}" for name in ("save", "load", "list", "delete")}
    assert set(COMMANDS) == {"/status", "/notify", "/cancel", "/room"} | named


def test_no_command_has_the_address_of_a_reply():
    assert not REPLIES & set(COMMANDS)


def test_replies_come_out_of_the_table():
    assert {"/done", "/fail", "/progress", "/status.reply", "/sound/audio", "/sound/z"} <= REPLIES


def test_docs_page_is_fresh():
    assert (ROOT / "docs" / "osc.md").read_text(encoding="utf-8") == osc_docs.page()


def test_list_names_every_address():
    assert all(spec.address in commands_list() for spec in TABLE)


def test_usage_nests_optional_arguments():
    assert COMMANDS["/notify"].usage == "[port [rate [level [gains]]]]"


def test_usage_repeats_groups():
    assert COMMANDS["/sound/synthesize"].usage == "slot target pitch [slot target pitch ...]"


def test_a_whole_float_is_an_int():
    assert one("/sound/synthesize", "z", "t", 52.0).values["pitch"] == [52]


def test_an_int_is_a_float():
    assert one("/sound/slerp_z", "a", "b", "c", 1).values["amount"] == 1.0


@pytest.mark.parametrize(("number", "name"), [(1.0, "1"), (0.5, "0.5"), (7, "7"), (0.1, "0.1"), (-2.0, "-2")])
def test_a_number_is_a_name(number, name):
    assert one("/cancel", number).targets == (name,)


def test_a_large_number_is_a_name_without_exponent():
    assert one("/cancel", 1e20).targets == ("100000000000000000000",)


def test_half_a_pitch_is_refused():
    assert reason("/sound/synthesize", "z", "t", 52.5) == "pitch must be a whole number, not 52.5"


def test_a_pitch_out_of_range_is_refused():
    assert reason("/sound/synthesize", "z", "t", 128) == "pitch must be in 0..127, not 128"


@pytest.mark.parametrize(("value", "read"), [(0.02, 0.02), (1.0, 1.0)])
def test_a_limit_is_allowed_though_a_32_bit_float_may_lie_beyond_it(value, read):
    assert one("/image/truncation", value).values["value"] == read


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_values_that_are_not_finite_are_refused(value):
    assert "finite" in reason("/sound/slerp_z", "a", "b", "c", value)


def test_a_name_that_is_not_finite_is_refused():
    assert "name" in reason("/sound/randomize_z", float("nan"))


def test_a_word_for_a_number_is_refused():
    assert reason("/sound/seed", "five") == "seed must be a number, not 'five'"


def test_milliseconds_are_guessed():
    assert "milliseconds" in reason("/sound/hallucinate", "t", 3, 3, 500)


def test_too_few_arguments_tell_the_usage():
    assert "slot0 slot1 dst amount" in reason("/sound/slerp_z", "a")


def test_too_many_arguments_are_refused():
    assert reason("/status", 1) == "takes no arguments, not 1"


def test_broken_groups_are_refused():
    assert "groups of 3" in reason("/sound/synthesize", "z", "t", 52, "z")


def test_an_empty_name_is_refused():
    assert "1 to 255" in reason("/sound/randomize_z", "")


def test_an_unknown_address_is_refused_by_name():
    assert one("/sound/nothing").address == "/sound/nothing"


def test_a_refusal_names_the_target():
    assert one("/sound/hallucinate", "mine", "many", 3).target == "mine"


def test_a_refusal_names_the_target_within_a_group():
    assert one("/sound/synthesize", "z", "mine", 52.5).target == "mine"


def test_a_refusal_without_target_says_so():
    assert one("/sound/seed", "x").target == "-"


def test_left_out_arguments_are_none():
    values = one("/sound/hallucinate", "t", 3, 4, 0.4).values
    assert (values["spacing"], values["attack"], values["pitch"]) == (0.4, None, None)


def test_groups_become_lists():
    command = one("/sound/synthesize", "z0", "t0", 40, "z1", "t1", 41)
    assert (command.values["slot"], command.targets, command.values["pitch"]) == (["z0", "z1"], ("t0", "t1"), [40, 41])


def test_key_points_follow_the_fixed_arguments():
    command = one("/sound/hallucinate_z", "t", 3, 0.4, 0, 0.5, 1, 0.5, 32, "a", "b", "a")
    assert command.values["slot"] == ["a", "b", "a"]


def test_a_bundle_is_handled_in_order():
    builder = OscBundleBuilder(IMMEDIATELY)
    for seed in range(5):
        message = OscMessageBuilder("/sound/seed")
        message.add_arg(seed)
        builder.add_content(message.build())
    assert [item.values["seed"] for item in parse(builder.build().dgram)] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("address", sorted(REPLIES))
def test_replies_are_not_answered(address):
    assert list(parse(datagram(address, "/status", "x"))) == []


@pytest.mark.parametrize(
    "data",
    [b"", b"hello", b"\0" * 16, b"#bundle\0", b"#bundle\0" + b"\0" * 8 + b"\xff\xff\xff\xff", b"/status"],
    ids=["empty", "text", "zeros", "half a bundle", "negative size", "no end"],
)
def test_bytes_that_are_no_message_are_refused(data):
    (item,) = parse(data)
    assert (item.address, item.target) == ("-", "-")


def test_an_unknown_type_is_refused():
    assert "'b'" in reason("/sound/seed", b"blob")


def test_arguments_cut_off_are_refused():
    (item,) = parse(datagram("/sound/seed", 5)[:-4])
    assert item == Refusal("/sound/seed", "-", "the datagram ends before its last argument")


def test_a_bundle_nested_too_deep_is_refused():
    data = datagram("/status")
    for _ in range(100):
        data = b"#bundle\0" + bytes(8) + len(data).to_bytes(4, "big") + data
    (item,) = parse(data)
    assert "nested" in item.reason


def test_a_full_datagram_is_read():
    item = one("/sound/set_z", "slot", *[0.25] * 13090)
    assert isinstance(item, Command)
    assert len(item.values["value"]) == 13090


def test_bytes_that_are_no_text_come_back_as_they_were():
    (item,) = parse(b"/cancel\0,s\0\0\xff\xfe\0\0")
    assert item.targets[0].encode("utf-8", "surrogateescape") == b"\xff\xfe"


@pytest.mark.parametrize("words", [["-c", "import server.osc.dispatcher"], ["-m", "server", "send", "--list"]])
def test_the_table_needs_no_tensorflow(words):
    code = "import sys, runpy; sys.argv = {!r}\ntry: {}\nexcept SystemExit: pass\n"
    run = words[1] if words[0] == "-c" else "runpy.run_module('server', run_name='__main__')"
    code = code.format(words[1:], run) + "assert not {'tensorflow', 'keras', 'gansynth.model'} & set(sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("given", [("t", 3, 2), ("t", 3, 2, 0.4), ("t", 3, 2, 0.4, 0.1, 0.2, 0.2, 0.2, 40)])
def test_the_values_of_a_command_make_the_same_command_again(given):
    command = one("/sound/hallucinate", *given)
    assert read_values("/sound/hallucinate", command.values) == command
