"""The process that opens untrusted bytes. It runs under memory, time and file limits and can only answer with data.

Requests and answers go over standard input and output, each a length of 8 bytes and then the bytes. A request is the
name of a job, a line feed, and the bytes that the job takes. A job is a function of ours from bytes to bytes, named
`module:function`; it raises Refused for what is wrong with the file. An answer begins with `d` (done: what the job
returned), `f` (what is refused, see `_refused`) or `n` (the memory did not suffice). A child that is ready says so by
an answer of its own, `k`, before any request.
"""

from __future__ import annotations

import resource
import struct
import sys
from collections.abc import Callable
from functools import cache
from importlib import import_module

import orjson

from local_indicators.inputs.readers.cells import encode
from local_indicators.inputs.readers.invisible_characters import clean_cells
from local_indicators.inputs.readers.read_file import read_file
from local_indicators.inputs.readers.refusals import Refused, SizeBounds

BOUNDS = struct.Struct(">QQ")
READ_CELLS = "local_indicators.inputs.sandbox.child_process:read_cells"
"""The job of reading a file: it takes BOUNDS (the most cells, the most bytes to unfold to), then the file."""


def read_cells(body: bytes) -> bytes:
    """Return the cells of a file as JSON. Raises Refused."""
    bounds = SizeBounds(*BOUNDS.unpack_from(body))
    return encode(clean_cells(read_file(body[BOUNDS.size :], bounds)))


@cache
def _job(name: str) -> Callable[[bytes], bytes]:
    module, _, function = name.partition(":")
    job: Callable[[bytes], bytes] = getattr(import_module(module), function)
    return job


def serve_requests(memory: int, seconds: int) -> None:
    """Answer requests until standard input ends."""
    _limit(memory)
    inward, outward = sys.stdin.buffer, sys.stdout.buffer
    outward.write(struct.pack(">Q", 1) + b"k")
    outward.flush()
    while head := inward.read(8):
        request = inward.read(struct.unpack(">Q", head)[0])
        spent = resource.getrusage(resource.RUSAGE_SELF)
        _set(resource.RLIMIT_CPU, int(spent.ru_utime + spent.ru_stime) + seconds)
        name, _, body = request.partition(b"\n")
        answer = _answer(name.decode(), body)
        outward.write(struct.pack(">Q", len(answer)) + answer)
        outward.flush()


def _limit(memory: int) -> None:
    for kind, most in (("RLIMIT_AS", memory), ("RLIMIT_FSIZE", 0), ("RLIMIT_CORE", 0)):
        if hasattr(resource, kind):
            _set(getattr(resource, kind), most)


def _set(kind: int, most: int) -> None:
    try:
        _, hard = resource.getrlimit(kind)
        resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
    except (ValueError, OSError):  # this system knows no such limit; the parent's clock still holds
        pass


def _answer(name: str, body: bytes) -> bytes:
    try:
        return b"d" + _job(name)(body)
    except Refused as refused:
        return _refused(refused)
    except MemoryError:
        return b"n"
    except RecursionError:
        return _refused(Refused("return.unsafe", "parts nested deeper than any program writes them"))
    except BaseException as error:  # whatever a reader makes of hostile bytes, a panic too, is a finding about the file
        return _refused(Refused("return.unreadable", f"a file that is damaged ({type(error).__name__})"))


def _refused(refused: Refused) -> bytes:
    """The rule, what was found, what to do, and the sheet and cell to look at; those that are blank say nothing. What a
    file calls its sheets may be no text at all."""
    said = [str(arg).encode("utf-8", "replace").decode() for arg in refused.args]
    return b"f" + orjson.dumps(said)


if __name__ == "__main__":
    serve_requests(int(sys.argv[1]), int(sys.argv[2]))
