"""A reader for a whole module of tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local_indicators.inputs.sandbox.reader_processes import Limits, Reader


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with Reader(Limits()) as one:
        yield one
