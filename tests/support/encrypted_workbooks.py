"""Workbooks as Excel encrypts them, with any password: what inputs.readers.encryption undoes."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from hashlib import md5, sha1

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from msoffcrypto.method.ecma376_agile import ECMA376Agile
from msoffcrypto.method.ecma376_standard import ECMA376Standard
from msoffcrypto.method.rc4 import DocumentRC4
from msoffcrypto.method.rc4_cryptoapi import DocumentRC4CryptoAPI
from msoffcrypto.method.xor_obfuscation import DocumentXOR

from tests.support.raw_workbooks import biff, compound, record

SALT, VERIFIER = bytes(range(16)), bytes(range(16, 32))
FILEPASS = 0x2F
Lock = Callable[[bytes], bytes]


def agile(package: bytes, password: str, rounds: int = 1000) -> bytes:
    """An xlsx file as Excel encrypts it since 2010."""
    locked = ECMA376Agile.encrypt(password, io.BytesIO(package), spin_count=rounds)
    assert isinstance(locked, bytes)
    return locked


def standard(package: bytes, password: str) -> bytes:
    """An xlsx file as Excel 2007 encrypts it: AES of 128 bits."""
    key = ECMA376Standard.makekey_from_password(password, 0x660E, 0x8004, 24, 128, 16, SALT)

    def lock(clear: bytes) -> bytes:
        encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305
        return encryptor.update(clear.ljust(-(-len(clear) // 16) * 16, b"\0"))

    head = _header(0x24, 0x660E, 128, 24)
    verifier = SALT + lock(VERIFIER) + struct.pack("<I", 20) + lock(sha1(VERIFIER).digest())  # noqa: S324
    info = struct.pack("<HHII", 4, 2, 0x24, len(head)) + head + struct.pack("<I", 16) + verifier
    return compound({"EncryptionInfo": info, "EncryptedPackage": struct.pack("<Q", len(package)) + lock(package)})


def _header(flags: int, algorithm: int, bits: int, provider: int) -> bytes:
    return struct.pack("<8I", flags, 0, algorithm, 0x8004, bits, provider, 0, 0) + "A provider\0".encode("utf-16-le")


def rc4(password: str) -> tuple[bytes, Lock]:
    """How Excel 97 encrypts: the record that says so, and the cipher of the rest."""

    def lock(clear: bytes) -> bytes:
        return DocumentRC4.decrypt(password, SALT, io.BytesIO(clear), blocksize=1024).getvalue()  # type: ignore[no-any-return]

    return struct.pack("<HHH", 1, 1, 1) + SALT + lock(VERIFIER + md5(VERIFIER).digest()), lock  # noqa: S324


def rc4_of_2003(password: str) -> tuple[bytes, Lock]:
    def lock(clear: bytes) -> bytes:
        return DocumentRC4CryptoAPI.decrypt(password, SALT, 128, io.BytesIO(clear), blocksize=1024).getvalue()  # type: ignore[no-any-return]

    hashed = lock(VERIFIER + sha1(VERIFIER).digest())  # noqa: S324
    head = _header(4, 0x6801, 128, 1)
    said = struct.pack("<HHHII", 1, 4, 2, 4, len(head)) + head
    return said + struct.pack("<I", 16) + SALT + hashed[:16] + struct.pack("<I", 20) + hashed[16:], lock


def exclusive_or(password: str, verifier: int) -> tuple[bytes, Lock]:
    """How Excel 95 and earlier obscure; the cipher goes record by record."""
    keys = DocumentXOR.create_xor_array_method1(password)

    def lock(clear: bytes) -> bytes:
        locked, at = bytearray(clear), 0
        while at < len(clear):
            size = struct.unpack_from("<H", clear, at + 2)[0]
            for place in range(at + 4, at + 4 + size):
                locked[place] = DocumentXOR.rol(clear[place], 5, 8) ^ keys[(place + size) % 16]
            at += 4 + size
        return bytes(locked)

    return struct.pack("<HHH", 0, 0x1234, verifier), lock


def locked_xls(cells: bytes, how: tuple[bytes, Lock]) -> bytes:
    """An xls file of one sheet called Figures whose records are encrypted."""
    said, lock = how
    clear = biff(cells, book=record(FILEPASS, said))
    locked, at = bytearray(lock(clear)), 0
    while at < len(clear):
        kind, size = struct.unpack_from("<HH", clear, at)
        kept = 4 + (size if kind in (0x0809, FILEPASS) else 4 if kind == 0x0085 else 0)
        locked[at : at + kept] = clear[at : at + kept]
        at += 4 + size
    return compound({"Workbook": bytes(locked)})
