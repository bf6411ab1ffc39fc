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
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import orjson

from inputs.cells import Cells, decode
from schemas.faults import ReaderFault
from schemas.findings import Finding, finding

FILES_PER_CHILD = 500
"""A child is replaced after so many files, so that what a reader leaks stays small."""
SECONDS_TO_START = 60
FILES_AHEAD = 64
BYTES_AHEAD = 100_000_000
"""While one file is slow, so many others are read ahead of their turn, or so many that their cells take these bytes."""
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
        """The cells of a file, or the finding that says why it could not be read. Raises ReaderFault."""
        return cells_of(self.answer(content))

    def answer(self, content: bytes) -> bytes | Finding:
        """What `read` gives, with the cells still as the child wrote them, which takes less memory."""
        bounds = struct.pack(">QQ", self._limits.cells, self._limits.inflated_bytes)
        return self._too_big(content) or self.ask(b"r", bounds + content)

    def ask(self, verb: bytes, body: bytes) -> bytes | Finding:
        """What the child answers to a verb (inputs.child.VERBS): a whole answer, or the finding it ended in.

        Where the child dies or its memory does not suffice, a fresh one is asked once more, so that no file is blamed
        for what those before it left behind. Raises ReaderFault where no child can be started, or each is killed.
        """
        killed = False
        while True:
            child = self._ready()
            self._served += 1
            answer = _within(2 * self._limits.seconds, child, verb + body)
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
                raise ReaderFault("the process that reads files", f"{reason} INDICATORS_MAX_MEMORY_MB; then run again")
            if ended is not None and -ended in CRASHES:
                return finding("return.unsafe", found="a file that makes the program that reads it crash")
            return self._too_costly(f"a file that takes more than {self._limits.memory_bytes / 1e6:,.0f} MB to read")

    def mark(self, content: bytes, job: bytes) -> bytes | Finding:
        """The marked copy of a file, or the finding that says why there is none. `job` says what to mark, as
        inputs.replies.marked_up writes it. Raises ReaderFault."""
        answer = self._too_big(content) or self.ask(b"m", job + content)
        return answer if isinstance(answer, Finding) else answer[1:]

    def _too_big(self, content: bytes) -> Finding | None:
        if len(content) <= self._limits.file_bytes:
            return None
        most = f"{self._limits.file_bytes / 1e6:.0f} MB"
        return finding("return.too-large", found=f"a file of more than {most}", expected=f"at most {most}")

    def _too_costly(self, found: str) -> Finding:
        expected = f"a file that is read within {self._limits.seconds} seconds"
        return finding("return.too-large", found=found, expected=expected)

    def _ready(self) -> subprocess.Popen[bytes]:
        """A child that waits for a request."""
        if self._child is not None and (self._served >= FILES_PER_CHILD or self._child.poll() is not None):
            self._end()
        if self._child is None:
            self._served = 0
            try:
                self._child = _started(self._limits)
            except OSError as error:
                raise ReaderFault("the process that reads files", f"cannot be started ({error.strerror})") from None
            if _within(SECONDS_TO_START, self._child, b"") != b"k":
                self._end()
                reason = f"did not start within {self._limits.memory_bytes / 1e6:.0f} MB of memory"
                raise ReaderFault("the process that reads files", reason)
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


def cells_of(answer: bytes | Finding) -> Cells | Finding:
    """The cells of a child's answer."""
    return answer if isinstance(answer, Finding) else decode(answer[1:])


def _refusal(answer: bytes) -> Finding:
    rule, found, fix = orjson.loads(answer[1:])
    return finding(rule, found=found, fix=fix)


def _started(limits: Limits) -> subprocess.Popen[bytes]:
    root = str(Path(__file__).resolve().parent.parent)
    return subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "inputs.child", str(limits.memory_bytes), str(limits.seconds)],
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


def read(content: bytes, limits: Limits | None = None) -> Cells | Finding:
    """Read one file in a child process of its own. Raises ReaderFault."""
    with Reader(limits or Limits()) as reader:
        return reader.read(content)


def read_many(
    contents: Iterable[Callable[[], bytes]], limits: Limits | None = None, *, workers: int = 2
) -> Iterator[Cells | Finding]:
    """Read many files with a few children at once, in order; each file is opened only when its turn comes.

    A slow file holds up only the child that reads it: the others read ahead, as far as FILES_AHEAD and BYTES_AHEAD let
    them. Raises ReaderFault, and whatever opening a file raises.
    """
    readers: queue.SimpleQueue[Reader] = queue.SimpleQueue()
    coming = iter(contents)
    waiting: deque[Future[bytes | Finding]] = deque()
    with contextlib.ExitStack() as stack:
        for _ in range(workers):
            readers.put(stack.enter_context(Reader(limits or Limits())))
        pool = stack.enter_context(ThreadPoolExecutor(workers))

        def one(content: Callable[[], bytes]) -> bytes | Finding:
            reader = readers.get()
            try:
                return reader.answer(content())
            finally:
                readers.put(reader)

        while True:
            while _room(waiting, workers) and (content := next(coming, None)) is not None:
                waiting.append(pool.submit(one, content))
            if not waiting:
                return
            if not waiting[0].done():
                wait([future for future in waiting if not future.done()], return_when=FIRST_COMPLETED)
                continue
            yield cells_of(waiting.popleft().result())


def _room(waiting: deque[Future[bytes | Finding]], workers: int) -> bool:
    """Whether one more file may be read ahead."""
    done = [future.result() for future in waiting if future.done() and not future.exception()]
    held = sum(len(answer) for answer in done if isinstance(answer, bytes))
    return len(waiting) - len(done) < 2 * workers and len(waiting) < FILES_AHEAD and held < BYTES_AHEAD
