"""Errors as people read them."""


def sentence(error: Exception) -> str:
    """An error as one line: what we raise speaks for itself, the rest is named."""
    if isinstance(error, OSError) and error.filename and error.strerror:
        return f"{error.filename}: {error.strerror}"
    text = " ".join(str(error).split())
    expected = isinstance(error, (ValueError, OSError))
    return text if expected and text else f"{type(error).__name__}: {text} (--debug shows where)"
