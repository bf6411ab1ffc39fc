"""The process that opens untrusted bytes. It runs under memory, time and file limits and can only answer with data.

Requests and answers go over standard input and output, each a length of 8 bytes and then the bytes. A request begins
with a letter that says what to do: `r` reads the file that follows two numbers of 8 bytes, the most cells and the most
bytes it may unfold to; `m` marks the file that follows 8 bytes of length and as much JSON that says how. An answer
begins with `c` (cells as JSON), `m` (the marked workbook), `f` (what is refused, see `_refused`) or `n` (the
memory did not suffice). A child that is ready says so by an answer of its own, `k`, before any request.
"""

from __future__ import annotations

import resource
import struct
import sys
from collections.abc import Callable, Mapping

import orjson

from inputs.cells import encode
from inputs.characters import make_visible
from inputs.formats import read
from inputs.refused import Bounds, Refused

BOUNDS = struct.Struct(">QQ")


def _read(body: bytes) -> bytes:
    bounds = Bounds(*BOUNDS.unpack_from(body))
    return b"c" + encode(make_visible(read(body[BOUNDS.size :], bounds)))


def _mark(body: bytes) -> bytes:
    from inputs.replies.annotation.annotated_workbook import mark
    from inputs.replies.annotation.xml_splicing import NotEditable

    size = struct.unpack(">Q", body[:8])[0]
    job = orjson.loads(body[8 : 8 + size])
    try:
        return b"m" + mark(body[8 + size :], job["head"], job["findings"], images=job["images"])
    except NotEditable as why:
        raise Refused("return.unreadable", str(why)) from None


VERBS: Mapping[bytes, Callable[[bytes], bytes]] = {b"r": _read, b"m": _mark}
"""What a child can do with bytes, by the first letter of a request; each gives a whole answer."""


def serve(memory: int, seconds: int) -> None:
    """Answer requests until standard input ends."""
    _limit(memory)
    inward, outward = sys.stdin.buffer, sys.stdout.buffer
    outward.write(struct.pack(">Q", 1) + b"k")
    outward.flush()
    while head := inward.read(8):
        request = inward.read(struct.unpack(">Q", head)[0])
        spent = resource.getrusage(resource.RUSAGE_SELF)
        _set(resource.RLIMIT_CPU, int(spent.ru_utime + spent.ru_stime) + seconds)
        answer = _answer(request[:1], request[1:])
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


def _answer(verb: bytes, body: bytes) -> bytes:
    try:
        return VERBS[verb](body)
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
    said = [str(one).encode("utf-8", "replace").decode() for one in refused.args]
    return b"f" + orjson.dumps(said)


if __name__ == "__main__":
    serve(int(sys.argv[1]), int(sys.argv[2]))
