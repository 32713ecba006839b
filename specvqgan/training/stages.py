"""The stages of a run: parts with one kind of step."""

from dataclasses import dataclass


@dataclass(frozen=True)
class RunStage:
    """Up to `end` clips seen; `name` says what is trained."""

    name: str
    end: int
