"""requests without the libraries that guess an encoding, which cost 2.5 MiB: what we read is JSON, or says what it is.

Both are optional to requests itself, which then takes UTF-8. Whoever wants them later can still import them.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_GUESSERS = ("chardet", "charset_normalizer")


@contextmanager
def _hidden() -> Iterator[None]:
    """As if those that are not imported yet were not installed."""
    absent = [name for name in _GUESSERS if name not in sys.modules]
    modules = vars(sys)["modules"]
    modules.update(dict.fromkeys(absent))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # requests says that they are missing
            yield
    finally:
        for name in absent:
            modules.pop(name, None)


with _hidden():
    import requests

__all__ = ["requests"]
