"""Warnings and log lines of libraries, which are about their own code and mean nothing to whoever runs a command."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_library_lines() -> Iterator[None]:
    """Keep warnings and log lines of libraries off the terminal; INDICATORS_DEBUG and Python's own -W show them. What a
    library finds wrong is an exception, and is told."""
    if os.environ.get("INDICATORS_DEBUG") or os.environ.get("PYTHONWARNINGS"):
        yield
        return
    silent, before = logging.NullHandler(), logging.lastResort
    logging.getLogger().addHandler(silent)
    logging.lastResort = None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.lastResort = before
        logging.getLogger().removeHandler(silent)
