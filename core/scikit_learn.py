"""scikit-learn: it judges models and finds independent and sparse directions. What only plays does not need it."""

import importlib
from typing import Any


def scikit_learn(part: str) -> Any:
    """One of its modules, such as "svm".

    Raises:
        ValueError: it is not installed.
    """
    try:
        return importlib.import_module(f"sklearn.{part}")
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "sklearn":
            raise
        raise ValueError("this needs scikit-learn, which is not installed: pip install 'hallu[analysis]'") from None
