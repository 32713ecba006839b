"""Logs that nobody can fill."""

import logging

from core import log_limit
from core.log_limit import LINES, LogLimit


def lines(limit, count, text="%s could not be sent", name="server.osc"):
    record = [logging.LogRecord(name, logging.WARNING, "", 0, text, (number,), None) for number in range(count)]
    return [one.getMessage() for one in record if limit.filter(one)]


def test_of_many_lines_of_a_kind_the_first_are_written():
    assert len(lines(LogLimit(), 1000)) == LINES


def test_other_lines_are_written_meanwhile():
    limit = LogLimit()
    lines(limit, 1000)
    assert lines(limit, 1, "renderer %s connected") == ["renderer 0 connected"]


def test_after_a_while_a_line_says_how_many_were_left_out(monkeypatch):
    limit = LogLimit()
    lines(limit, 1000)
    monkeypatch.setattr(log_limit, "WINDOW_S", -1.0)
    assert lines(limit, 1) == [f"0 could not be sent ({1000 - LINES} more lines like this were left out)"]
