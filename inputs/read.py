"""Read untrusted files to cells, in child processes that may die without harm."""

from __future__ import annotations

import contextlib
import os
import queue
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import orjson

from inputs.cells import Cells, decode
from schemas.findings import Finding, finding

FILES_PER_CHILD = 500
"""A child is replaced after so many files, so that what a reader leaks stays small."""


@dataclass(frozen=True)
class Limits:
    """What reading one file may cost: bytes of file, bytes of memory, seconds."""

    file_bytes: int = 100_000_000
    memory_bytes: int = 2_000_000_000
    seconds: int = 60


class Reader:
    """A child process that reads one file after another; it is started again whenever it dies."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._child: subprocess.Popen[bytes] | None = None
        self._served = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def read(self, content: bytes) -> Cells | Finding:
        """The cells of a file, or the finding that says why it could not be read."""
        if len(content) > self._limits.file_bytes:
            return finding("return.too-large", found=f"{len(content) / 1e6:.0f} MB", expected=self._most())
        answer = self._ask(b"r" + content)
        if answer is None:
            self._end()
            return finding(
                "return.too-large",
                found="a file that needs too much memory or time",
                expected=f"{self._most()}, read within {self._limits.seconds} seconds",
            )
        if answer[:1] == b"c":
            return decode(answer[1:])
        rule, found = orjson.loads(answer[1:])
        return finding(rule, found=found)

    def mark(self, content: bytes, job: bytes) -> bytes | Finding:
        """The marked copy of a file, or the finding that says why there is none. `job` says what to mark, as
        inputs.replies.marked_up writes it."""
        if len(content) > self._limits.file_bytes:
            return finding("return.too-large", found=f"{len(content) / 1e6:.0f} MB", expected=self._most())
        answer = self._ask(b"m" + job + content)
        if answer is None:
            self._end()
            return finding("return.too-large", found="a file that needs too much memory or time to mark")
        if answer[:1] == b"m":
            return answer[1:]
        rule, found = orjson.loads(answer[1:])
        return finding(rule, found=found)

    def _most(self) -> str:
        return f"at most {self._limits.file_bytes / 1e6:.0f} MB"

    def _ask(self, request: bytes) -> bytes | None:
        """What the child answers; None if it died or overran."""
        if self._served >= FILES_PER_CHILD:
            self._end()
        child = self._child or self._start()
        self._served += 1
        answers: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        threading.Thread(target=_exchange, args=(child, request, answers), daemon=True).start()
        try:
            return answers.get(timeout=self._limits.seconds)
        except queue.Empty:
            return None

    def _start(self) -> subprocess.Popen[bytes]:
        self._served = 0
        root = str(Path(__file__).resolve().parent.parent)
        self._child = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "inputs.child", str(self._limits.memory_bytes), str(self._limits.seconds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=root,
            env={"PATH": os.environ.get("PATH", ""), "PYTHONPATH": root, "PYTHONDONTWRITEBYTECODE": "1"},
        )
        return self._child

    def _end(self) -> None:
        if self._child is not None:
            self._child.kill()
            self._child.wait()
            for pipe in (self._child.stdin, self._child.stdout):
                with contextlib.suppress(OSError):
                    if pipe:
                        pipe.close()
        self._child = None


def _exchange(child: subprocess.Popen[bytes], request: bytes, answers: queue.SimpleQueue[bytes | None]) -> None:
    try:
        inward, outward = _pipes(child)
        inward.write(struct.pack(">Q", len(request)) + request)
        inward.flush()
        head = _exactly(outward, 8)
        answers.put(_exactly(outward, struct.unpack(">Q", head)[0]))
    except (OSError, ValueError, EOFError):
        answers.put(None)


def _pipes(child: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    if child.stdin is None or child.stdout is None:
        raise ValueError("the child was started without pipes")
    return child.stdin, child.stdout


def _exactly(pipe: IO[bytes], size: int) -> bytes:
    content = pipe.read(size)
    if len(content) != size:
        raise EOFError
    return content


def read(content: bytes, limits: Limits | None = None) -> Cells | Finding:
    """Read one file in a child process of its own."""
    with Reader(limits or Limits()) as reader:
        return reader.read(content)


def read_many(
    contents: Iterable[Callable[[], bytes]], limits: Limits | None = None, *, workers: int = 2
) -> Iterator[Cells | Finding]:
    """Read many files with a few children at once, in order; each file is opened only when its turn comes."""
    readers: queue.SimpleQueue[Reader] = queue.SimpleQueue()
    with contextlib.ExitStack() as stack:
        for _ in range(workers):
            readers.put(stack.enter_context(Reader(limits or Limits())))

        def one(content: Callable[[], bytes]) -> Cells | Finding:
            reader = readers.get()
            try:
                return reader.read(content())
            finally:
                readers.put(reader)

        pool = stack.enter_context(ThreadPoolExecutor(workers))
        yield from pool.map(one, contents)
