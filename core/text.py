"""Numbers and lists as text for messages."""

from collections.abc import Iterable, Sequence


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


def shortened(names: Sequence[str], most: int = 20) -> str:
    """Names as text, the first `most` of them where there are more.

    >>> shortened(["a", "b", "c"], 2)
    'a, b and 1 more'
    """
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + rest
