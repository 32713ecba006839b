"""Numbers as text for messages and lists."""

from collections.abc import Iterable


def spans(numbers: Iterable[int]) -> str:
    """Ascending numbers as text, runs of neighbours shortened.

    >>> spans([36, 38, 39, 40])
    '36, 38..40'
    """
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1] = [runs[-1][0], number]
        else:
            runs.append([number])
    return ", ".join("..".join(map(str, run)) for run in runs)
