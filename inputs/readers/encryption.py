"""Workbooks that Excel opens without asking: encrypted, but with the password that Excel tries by itself.

Excel encrypts a workbook whose structure is protected, or that is marked as read-only, with a password of its own that
is known to all (docs/decisions/0020). What opens with it is decrypted here; anything else is refused for its true
reason. Runs on untrusted bytes, so only in the child process (inputs.sandbox.child_process). The library that decrypts
is imported only where something is to be decrypted. Source: [MS-OFFCRYPTO] 2.2 (rights), 2.3.4 and 2.3.6 (encryption),
2.3.7 (XOR).
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Set

from local_indicators.inputs.readers.refusals import (
    Refused,
    refuse_cut_off,
    refuse_damaged,
    refuse_encrypted,
    refuse_rights_managed,
)

DEFAULT = "VelvetSweatshop"
MOST_ROUNDS = 1_000_000
"""Rounds of hashing for one password; Excel writes 100,000, and more would only spend our time."""
ENCRYPTED = "encryptedpackage"
RIGHTS = ("\x09drmcontent", "\x09drmviewercontent")
"""Streams under the root of an old workbook whose rights are managed; its Workbook stream only says that it is one."""
_SPACES = ("DRMEncryptedDataSpace", "DRMEncryptedTransform")
"""What the streams of an Office file of today are transformed by, where its rights are managed."""
FILEPASS, BOUNDSHEET = 0x002F, 0x0085
_PLAIN = frozenset({0x0809, 0x0009, 0x0209, 0x0409, FILEPASS, 0x0193, 0x0195, 0x00E1, 0x0196, 0x0138})
"""Records that are never encrypted: BOF, FilePass, UsrExcl, FileLock, InterfaceHdr, RRDInfo and RRDHead."""


def refuse_managed(content: bytes, names: Set[str]) -> None:
    """Refuse a compound file that a sensitivity label, or rights management without one, protects. `names` are those of
    its streams under the root, in small letters. Raises Refused."""
    spaces = ENCRYPTED in names and any(name.encode("utf-16-le") in content for name in _SPACES)
    if spaces or not names.isdisjoint(RIGHTS):
        refuse_rights_managed()


def unlocked_package(content: bytes) -> bytes:
    """The zip file that an encrypted Office file of today holds, if the default password opens it. Raises Refused."""
    import msoffcrypto
    from msoffcrypto.exceptions import InvalidKeyError
    from msoffcrypto.format.ooxml import OOXMLFile

    try:
        office = msoffcrypto.OfficeFile(io.BytesIO(content))
    except Exception:  # what the library makes of hostile bytes: all that is sure is that the file is encrypted
        refuse_encrypted()
    if not isinstance(office, OOXMLFile) or office.type not in ("agile", "standard"):
        refuse_encrypted()
    if office.info.get("spinValue", 0) > MOST_ROUNDS:
        refuse_encrypted()
    try:
        office.load_key(password=DEFAULT, verify_password=True)
    except Exception:
        refuse_encrypted()
    plain = io.BytesIO()
    try:
        office.decrypt(plain)
    except InvalidKeyError:
        refuse_cut_off()
    except Exception:
        refuse_damaged()
    return plain.getvalue()


# -- xls


def unlocked_records(records: bytes) -> bytes:
    """The records of an encrypted xls workbook in clear, of the same length and without the one that says how they were
    encrypted, if the default password opens it. Raises Refused."""
    at, how = next((at, body) for at, kind, body in _records(records) if kind == FILEPASS)
    try:
        decrypt = _cipher(how)
    except (struct.error, ValueError):  # a description that is cut off or makes no sense
        refuse_encrypted()
    plain = bytearray(decrypt(records))
    for start, kind, body in _records(records):
        clear = len(body) if kind in _PLAIN else 4 if kind == BOUNDSHEET else 0
        plain[start : start + 4 + clear] = records[start : start + 4 + clear]
    plain[at : at + 2] = b"\0\0"
    return bytes(plain)


def _records(records: bytes) -> list[tuple[int, int, bytes]]:
    """Each record: where it begins, its kind and its body. Whatever follows the last whole one is none."""
    found, at = [], 0
    while at + 4 <= len(records):
        kind, length = struct.unpack_from("<HH", records, at)
        body = records[at + 4 : at + 4 + length]
        if len(body) < length:
            break
        found.append((at, kind, body))
        at += 4 + length
    return found


def _cipher(how: bytes) -> Callable[[bytes], bytes]:
    """What decrypts records by the record that says how they are encrypted. It decrypts all that stands in their
    places, and whoever calls it puts back what was never encrypted. Raises Refused where the password does not fit."""
    from msoffcrypto.method.rc4 import DocumentRC4
    from msoffcrypto.method.rc4_cryptoapi import DocumentRC4CryptoAPI

    kind = struct.unpack_from("<H", how)[0] if len(how) > 4 else 0
    if kind == 0:
        return _exclusive_or(how[2:] if len(how) > 4 else how)
    major, minor = struct.unpack_from("<HH", how, 2)
    if (kind, major, minor) == (1, 1, 1):
        salt, verifier, hashed = how[6:22], how[22:38], how[38:54]
        if not DocumentRC4.verifypw(DEFAULT, salt, verifier, hashed):
            refuse_encrypted()
        return lambda records: DocumentRC4.decrypt(DEFAULT, salt, io.BytesIO(records), blocksize=1024).getvalue()
    if kind != 1 or minor != 2:
        refuse_encrypted()
    size, bits = struct.unpack_from("<I", how, 10)[0], struct.unpack_from("<I", how, 30)[0]
    said = how[14 + size :]  # the length of the salt, the salt, the verifier, the length of its hash, the hash
    key = (DEFAULT, said[4:20], bits or 40)
    if not DocumentRC4CryptoAPI.verifypw(*key, said[20:36], said[40:60]):
        refuse_encrypted()
    return lambda records: DocumentRC4CryptoAPI.decrypt(*key, io.BytesIO(records), blocksize=1024).getvalue()


def _exclusive_or(how: bytes) -> Callable[[bytes], bytes]:
    """Method 1 of XOR obfuscation: every byte is turned by three bits, and combined with one of sixteen that is told by
    where it stands and how long its record is."""
    from msoffcrypto.method.xor_obfuscation import DocumentXOR

    _, verifier = struct.unpack_from("<HH", how)
    if not DocumentXOR.verifypw(DEFAULT, verifier):
        refuse_encrypted()
    keys = DocumentXOR.create_xor_array_method1(DEFAULT)
    tables = [bytes(DocumentXOR.ror(byte ^ key, 5, 8) for byte in range(256)) for key in keys]

    def decrypt(records: bytes) -> bytes:
        plain = bytearray(records)
        for at, _, body in _records(records):
            for first in range(min(16, len(body))):
                where = slice(at + 4 + first, at + 4 + len(body), 16)
                plain[where] = records[where].translate(tables[(at + 4 + len(body) + first) % 16])
        return bytes(plain)

    return decrypt


def as_compound_file(records: bytes) -> bytes:
    """A compound file whose one stream is a Workbook of these records, as calamine opens it: in sectors of 4096 bytes,
    with one for small streams that nothing uses. Raises Refused where its head cannot list it, at 450 MB."""
    size, free, last, table_of = 4096, 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
    held = max(-(-len(records) // size), 1)
    tables = -(-(held + 2) // (size // 4 - 1))
    if tables > 109:
        raise Refused("return.too-large", "an encrypted workbook of more than 450 MB")
    links = [*range(1, held), last, last, last, *[table_of] * tables]
    links += [free] * (tables * size // 4 - len(links))
    entries = _entry("Root Entry", 5, held + 1, size, child=1) + _entry("Workbook", 2, 0, max(len(records), size))
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 4, 0xFFFE, 12, 6) + bytes(6)
    head += struct.pack("<9I", 1, tables, held, 0, size, last, 0, last, 0)
    head += struct.pack("<109I", *range(held + 2, held + 2 + tables), *[free] * (109 - tables))
    sectors = [head.ljust(size, b"\0"), records.ljust(held * size, b"\0"), entries.ljust(size, b"\0"), bytes(size)]
    return b"".join([*sectors, struct.pack(f"<{len(links)}I", *links)])


def _entry(name: str, kind: int, start: int, size: int, child: int = -1) -> bytes:
    written = (name + "\0").encode("utf-16-le")
    head = written.ljust(64, b"\0") + struct.pack("<HBBiii", len(written), kind, 1, -1, -1, child)
    return head + bytes(36) + struct.pack("<IQ", start, size)
