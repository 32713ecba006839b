"""How long something takes, as people say it."""


def in_words(seconds: float) -> str:
    """A duration in two units at most.

    >>> in_words(5400)
    '1 h 30 min'
    """
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
