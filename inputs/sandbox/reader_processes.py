"""Read untrusted files to cells, in child processes that may die without harm."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import struct
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self, TypeVar

import orjson

import local_indicators
from local_indicators.common.errors import ReaderError
from local_indicators.inputs.readers.cells import Cells, decode
from local_indicators.inputs.sandbox.child_process import BOUNDS, READ_CELLS
from local_indicators.schemas.findings import Finding, make_finding

FILES_PER_CHILD = 500
"""A child is replaced after so many files, so that what a reader leaks stays small."""
SECONDS_TO_START = 60
FILES_AHEAD = 64
BYTES_AHEAD = 100_000_000
"""So many files are read ahead of whoever asked for them, or so many that their cells take these bytes."""
PATIENCE = 0.5
"""Seconds without a file after which whoever waits may use the time for those that have come."""
Answer = TypeVar("Answer")
CRASHES = (signal.SIGSEGV, signal.SIGBUS, signal.SIGILL)


@dataclass(frozen=True)
class Limits:
    """What reading one file may cost: bytes of file, bytes of memory of the child, seconds of its work, and cells
    (every row is at least one, and blanks between others are cells). By the clock it may take twice the seconds, since
    the machine may be busy with other things."""

    file_bytes: int = 100_000_000
    memory_bytes: int = 1_000_000_000
    seconds: int = 25
    cells: int = 5_000_000

    @property
    def inflated_bytes(self) -> int:
        """What a file may unpack to, so that unpacking alone cannot use up the memory."""
        return self.memory_bytes // 2


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
        """The cells of a file, or the finding that says why it could not be read. Raises ReaderError."""
        return decode_answer(self.answer(content))

    def answer(self, content: bytes) -> bytes | Finding:
        """What `read_in_child` gives, with the cells still as the child wrote them, which takes less memory."""
        return self.run(READ_CELLS, BOUNDS.pack(self._limits.cells, self._limits.inflated_bytes), content)

    def run(self, job: str, head: bytes, content: bytes) -> bytes | Finding:
        """What a job (inputs.sandbox.child_process) makes of `head` and a file after it, or the finding that says why
        it could not. Raises ReaderError."""
        answer = self._too_big(content) or self._ask(job.encode() + b"\n" + head + content)
        return answer if isinstance(answer, Finding) else answer[1:]

    def _ask(self, request: bytes) -> bytes | Finding:
        """What the child answers to a request: a whole answer, or the finding it ended in.

        Where the child dies or its memory does not suffice, a fresh one is asked once more, so that no file is blamed
        for what those before it left behind. Raises ReaderError where no child can be started, or each is killed.
        """
        killed = False
        while True:
            child = self._ready()
            self._served += 1
            answer = _within(2 * self._limits.seconds, child, request)
            if isinstance(answer, bytes) and answer != b"n":
                return answer if answer[:1] != b"f" else _refusal(answer)
            was_first, ended = self._served == 1, None
            if answer is None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    ended = child.wait(timeout=1)
            self._end()
            if answer is OVERRUN or ended == -signal.SIGXCPU:
                return self._too_costly(f"a file that takes more than {self._limits.seconds} seconds to read")
            from_outside = ended == -signal.SIGKILL  # none of its limits does that: it is no verdict about the file
            if not was_first or (from_outside and not killed):
                killed = killed or from_outside
                continue
            if from_outside:
                reason = "was killed, most likely because this machine ran out of memory; free some, or lower"
                raise ReaderError("the process that reads files", f"{reason} INDICATORS_MAX_MEMORY_MB; then run again")
            if ended is not None and -ended in CRASHES:
                return make_finding("return.unsafe", found="a file that makes the program that reads it crash")
            return self._too_costly(f"a file that takes more than {self._limits.memory_bytes / 1e6:,.0f} MB to read")

    def _too_big(self, content: bytes) -> Finding | None:
        if len(content) <= self._limits.file_bytes:
            return None
        most = f"{self._limits.file_bytes / 1e6:.0f} MB"
        return make_finding("return.too-large", found=f"a file of more than {most}", expected=f"at most {most}")

    def _too_costly(self, found: str) -> Finding:
        expected = f"a file that is read within {self._limits.seconds} seconds"
        return make_finding("return.too-large", found=found, expected=expected)

    def _ready(self) -> subprocess.Popen[bytes]:
        """A child that waits for a request."""
        if self._child is not None and (self._served >= FILES_PER_CHILD or self._child.poll() is not None):
            self._end()
        if self._child is None:
            self._served = 0
            try:
                self._child = _started(self._limits)
            except OSError as error:
                raise ReaderError("the process that reads files", f"cannot be started ({error.strerror})") from None
            if _within(SECONDS_TO_START, self._child, b"") != b"k":
                self._end()
                reason = f"did not start within {self._limits.memory_bytes / 1e6:.0f} MB of memory"
                raise ReaderError("the process that reads files", reason)
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


def decode_answer(answer: bytes | Finding) -> Cells | Finding:
    """The cells of a child's answer."""
    return answer if isinstance(answer, Finding) else decode(answer)


def _refusal(answer: bytes) -> Finding:
    rule, found, fix, sheet, cell = orjson.loads(answer[1:])
    return make_finding(rule, found=found, fix=fix, sheet=sheet or None, cells=[cell] if cell else ())


def _started(limits: Limits) -> subprocess.Popen[bytes]:
    root = str(Path(local_indicators.__file__).resolve().parents[1])
    return subprocess.Popen(  # noqa: S603
        [
            sys.executable,
            "-m",
            "local_indicators.inputs.sandbox.child_process",
            str(limits.memory_bytes),
            str(limits.seconds),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=root,
        env={"PATH": os.environ.get("PATH", ""), "PYTHONPATH": root, "PYTHONDONTWRITEBYTECODE": "1"},
    )


class _Overrun:
    """The child did not answer in time."""


OVERRUN = _Overrun()


def _within(seconds: int, child: subprocess.Popen[bytes], request: bytes) -> bytes | _Overrun | None:
    """What the child answers to a request (a blank one only listens); None if it died."""
    answers: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
    threading.Thread(target=_exchange, args=(child, request, answers), daemon=True).start()
    try:
        return answers.get(timeout=seconds)
    except queue.Empty:
        return OVERRUN


def _exchange(child: subprocess.Popen[bytes], request: bytes, answers: queue.SimpleQueue[bytes | None]) -> None:
    try:
        inward, outward = _pipes(child)
        if request:
            inward.write(struct.pack(">Q", len(request)))
            inward.write(request)
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


def read_in_child(content: bytes, limits: Limits | None = None) -> Cells | Finding:
    """Read one file in a child process of its own. Raises ReaderError."""
    with Reader(limits or Limits()) as reader:
        return reader.read(content)


class ReaderPool:
    """A few children that share one queue of work, for one caller at a time.

    A slow or dying file holds up the child that has it and nothing else: what the others have read is given as it
    comes, and they read ahead as far as FILES_AHEAD and BYTES_AHEAD let them.
    """

    def __init__(self, limits: Limits, children: int = 2) -> None:
        self._limits, self._children = limits, children
        self._turn = threading.Condition()
        self._coming: Iterator[tuple[int, Callable[[], bytes]]] = iter(())
        self._errands: deque[tuple[Future[Any], Callable[[Reader], Any]]] = deque()
        self._shelf: deque[tuple[int, bytes | Finding | BaseException]] = deque()
        self._on_shelf, self._at_work, self._over, self._closed = 0, 0, True, False
        self._pool = ThreadPoolExecutor(children)

    def __enter__(self) -> Self:
        for _ in range(self._children):
            self._pool.submit(self._serve)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._turn:
            self._closed = True
            self._turn.notify_all()
        self._pool.shutdown()

    def read(self, contents: Sequence[Callable[[], bytes]]) -> Iterator[tuple[int, Cells | Finding] | None]:
        """The number and the cells of each file, in the order in which they are read; None whenever PATIENCE seconds
        went by without one. Each file is opened only when its turn comes. Raises ReaderError, and whatever opening a
        file raises."""
        with self._turn:
            self._coming, self._over = enumerate(contents), False
            self._turn.notify_all()
        while True:
            with self._turn:
                came = self._turn.wait_for(lambda: bool(self._shelf) or (self._over and not self._at_work), PATIENCE)
                if came and not self._shelf:
                    return
                number, answer = self._shelf.popleft() if came else (-1, b"")
                self._on_shelf -= _size(answer)
                self._turn.notify_all()
            if isinstance(answer, BaseException):
                raise answer
            yield (number, decode_answer(answer)) if came else None

    def submit(self, errand: Callable[[Reader], Answer]) -> Future[Answer]:
        """Have a child do something else, before it reads on."""
        future: Future[Answer] = Future()
        with self._turn:
            self._errands.append((future, errand))
            self._turn.notify_all()
        return future

    def _serve(self) -> None:
        with Reader(self._limits) as reader:
            while (work := self._next()) is not None:
                work(reader)

    def _next(self) -> Callable[[Reader], None] | None:
        """What a child does next, once there is something to do; None when everything is over."""
        with self._turn:
            while not self._closed:
                if self._errands:
                    return partial(_run, *self._errands.popleft())
                if not self._over and len(self._shelf) < FILES_AHEAD and self._on_shelf < BYTES_AHEAD:
                    if (one := next(self._coming, None)) is not None:
                        self._at_work += 1
                        return partial(self._read, *one)
                    self._over = True
                    self._turn.notify_all()
                self._turn.wait()
            return None

    def _read(self, number: int, content: Callable[[], bytes], reader: Reader) -> None:
        answer: bytes | Finding | BaseException
        try:
            answer = reader.answer(content())
        except BaseException as error:  # it belongs to whoever waits for the file
            answer = error
        with self._turn:
            self._shelf.append((number, answer))
            self._on_shelf += _size(answer)
            self._at_work -= 1
            self._turn.notify_all()


def _run(future: Future[Answer], errand: Callable[[Reader], Answer], reader: Reader) -> None:
    try:
        future.set_result(errand(reader))
    except BaseException as error:
        future.set_exception(error)


def _size(answer: bytes | Finding | BaseException) -> int:
    return len(answer) if isinstance(answer, bytes) else 0
