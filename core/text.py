"""Numbers, lists and long lines as text for messages."""

from collections.abc import Iterable, Sequence

_DOTS = "..."
# A word is shortened to this many characters at least.
_SHORTEST = 40


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


def counted(number: int, noun: str) -> str:
    """A number of things, the noun in the singular for one.

    >>> counted(1, "note"), counted(2, "note")
    ('1 note', '2 notes')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def megabytes(size: int) -> str:
    """A number of bytes as text, with a digit after the point where there are few.

    >>> megabytes(300_000), megabytes(2 << 30)
    ('0.3 MB', '2048 MB')
    """
    return f"{size / 2**20:.{1 if size < 100 << 20 else 0}f} MB".replace(".0 MB", " MB")


def one_line(text: str, length: int) -> str:
    """A text as one line of at most `length` characters.

    The longest words, such as paths and values, lose their middle first, since what is around them says what is wrong.

    >>> one_line("there is no /a/very/long/path/of/many/folders/that/nobody/reads/model.npz in it", 60)
    'there is no /a/very/long/path/of...ody/reads/model.npz in it'
    """
    words = text.split()
    while words and (excess := len(" ".join(words)) - length) > 0:
        longest = max(range(len(words)), key=lambda index: len(words[index]))
        if len(words[longest]) <= _SHORTEST:
            return _without_middle(" ".join(words), length)
        words[longest] = _without_middle(words[longest], max(_SHORTEST, len(words[longest]) - excess))
    return " ".join(words)


def _without_middle(text: str, length: int) -> str:
    if len(text) <= length:
        return text
    tail = (length - len(_DOTS)) // 2
    head = length - len(_DOTS) - tail
    return text[:head] + _DOTS + text[len(text) - tail :]
