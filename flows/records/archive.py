"""The archive: the bytes of every submission under their digest, and what was made of them."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import platform
import shutil
import stat
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import orjson
import polars as pl

from local_indicators.common.atomic_files import put_in_place, sync_folder, write_whole
from local_indicators.common.errors import StorageError
from local_indicators.common.readable_files import BLOCK, Readable


@dataclass(frozen=True)
class Archive:
    """The folders of the archive. Only their owner can read them. Methods raise StorageError where it cannot be
    written."""

    root: Path

    @property
    def landing(self) -> Path:
        """Return the folder of bytes that have arrived and have not been validated."""
        return self.root / "holding"

    @property
    def files(self) -> Path:
        """Return the folder of the bytes of validated submissions."""
        return self.root / "files"

    @property
    def staging(self) -> Path:
        """Return the folder of results that are not in the ledger yet."""
        return self.root / "staging"

    def prepare(self) -> None:
        """Make the folders, and remove copies that a crash cut off. Raises StorageError."""
        with self._storage_errors():
            for folder in (
                self.root,
                self.landing,
                self.files,
                self.root / "outcomes",
                self.root / "definitions",
                self.root / "copies",
                self.root / "past",
                self.staging,
            ):
                folder.mkdir(parents=True, exist_ok=True)
                folder.chmod(stat.S_IRWXU)
            for part in self.landing.glob("*.part"):
                part.unlink()

    def land(self, inward: Readable, most: int) -> tuple[str, int]:
        """Copy what can be read, at most `most` bytes, to the landing folder; return SHA-256 and size of the copy.
        Raises OSError if the source cannot be read, and StorageError if the archive cannot be written."""
        digest, size = hashlib.sha256(), 0
        part = self.landing / f"{os.getpid()}.part"
        with self._storage_errors():
            outward = part.open("wb")
        with outward:
            while size < most and (block := inward.read(min(BLOCK, most - size))):
                digest.update(block)
                size += len(block)
                with self._storage_errors():
                    outward.write(block)
            with self._storage_errors():
                outward.flush()
        with self._storage_errors():
            part.chmod(stat.S_IRUSR | stat.S_IWUSR)
            put_in_place(part, self.landing / digest.hexdigest())
        return digest.hexdigest(), size

    def read_content(self, digest: str, most: int = -1) -> bytes:
        """Return the bytes of a submission, at most `most` of them. Raises StorageError if they are gone."""
        for path in (self.landing / digest, self.files / digest):
            with contextlib.suppress(FileNotFoundError), path.open("rb") as file:
                return file.read(most)
        raise StorageError(self.root, f"the file with digest {digest[:12]}… is missing; restore it from a backup")

    def archive_file(self, digest: str) -> None:
        """Move a validated file from the landing folder to the files."""
        with self._storage_errors(), contextlib.suppress(FileNotFoundError):
            (self.landing / digest).replace(self.files / digest)
            sync_folder(self.files)

    def delete(self, digest: str) -> None:
        """Delete a landed file that must not be archived."""
        with self._storage_errors(), contextlib.suppress(FileNotFoundError):
            (self.landing / digest).unlink()

    def has_file(self, digest: str) -> bool:
        """Return whether the bytes of a submission or of a meta file are here."""
        return (self.landing / digest).is_file() or (self.files / digest).is_file()

    def delete_landed_except(self, digests: Collection[str]) -> None:
        """Delete landed files that no submission waits for, such as those that an interrupted run was about to
        delete."""
        with self._storage_errors():
            for path in self.landing.iterdir():
                if path.name not in digests:
                    path.unlink()

    @contextmanager
    def staging_folder(self) -> Iterator[Path]:
        """Make a new folder for results, and delete it at the end; delete first what interrupted runs left. Raises
        StorageError."""
        with self._storage_errors():
            for leftover in self.staging.iterdir():
                shutil.rmtree(leftover)
            folder = Path(tempfile.mkdtemp(dir=self.staging))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def archive_table(self, staged: Path, name: str) -> None:
        """Archive an outcome's tidy table, which was staged as Parquet."""
        with self._storage_errors():
            staged.replace(self.root / "outcomes" / name)
            sync_folder(self.root / "outcomes")

    def read_table(self, name: str) -> pl.DataFrame:
        """Return an outcome's tidy table. Raises StorageError if it is gone or damaged."""
        return _read_parquet(self.root / "outcomes" / name)

    def archive_copy(self, staged: Path, submission: str) -> None:
        """Archive the marked-up copy of a submission, which is attached to the message about its findings."""
        with self._storage_errors():
            staged.replace(self.root / "copies" / f"{submission}.xlsx")
            sync_folder(self.root / "copies")

    def read_copy(self, submission: str) -> bytes | None:
        """Return the marked-up copy of a submission; None if there is none."""
        with contextlib.suppress(FileNotFoundError):
            return (self.root / "copies" / f"{submission}.xlsx").read_bytes()
        return None

    def archive_definitions(self, digest: str, files: Mapping[str, bytes]) -> None:
        """Archive the definitions or layouts that a run used, under their digest."""
        path = self.root / "definitions" / f"{digest}.json"
        if not path.exists():
            self._write(path, orjson.dumps({name: text.decode("utf-8", "replace") for name, text in files.items()}))

    def read_definitions(self, digest: str) -> dict[str, bytes]:
        """Return the files of the definitions or layouts with a digest. Raises StorageError if they are gone or
        damaged."""
        path = self.root / "definitions" / f"{digest}.json"
        try:
            return {name: text.encode() for name, text in orjson.loads(path.read_bytes()).items()}
        except (OSError, ValueError, AttributeError):
            raise StorageError(path, "is missing or damaged; restore it from a backup") from None

    def archive_publication_history(self, name: str, tables: Mapping[str, pl.DataFrame]) -> dict[str, str]:
        """Archive the tables of the publication history as Parquet; return the file name of each."""
        names = {}
        for table, frame in tables.items():
            whole = io.BytesIO()
            frame.write_parquet(whole)
            names[table] = f"{name}-{table}.parquet"
            self._write(self.root / "past" / names[table], whole.getvalue())
        return names

    def read_publication_history(self, name: str) -> pl.DataFrame:
        """Return an archived table of the publication history. Raises StorageError if it is gone or damaged."""
        return _read_parquet(self.root / "past" / name)

    def unended_night(self) -> datetime | None:
        """Return when the last night began (UTC) if it did not end; for one that holds the lock of the archive."""
        with contextlib.suppress(OSError, ValueError, KeyError):
            times = orjson.loads((self.root / "nights.json").read_bytes())
            began = datetime.fromisoformat(times["began"])
            if "ended" not in times or began > datetime.fromisoformat(times["ended"]):
                return began
        return None

    def note_night_time(self, what: str, run: str, at: datetime) -> None:
        """Note when a night began or ended, for those who watch over the nights; nothing depends on it."""
        path, times = self.root / "nights.json", {}
        with contextlib.suppress(OSError, ValueError):
            times = dict(orjson.loads(path.read_bytes()))
        process = {"process": os.getpid(), "machine": platform.node()}
        self._write(path, orjson.dumps({**times, what: at.isoformat(), "run": run, **process}))

    def _write(self, path: Path, content: bytes) -> None:
        """Write a file whole. Raises StorageError."""
        with self._storage_errors():
            write_whole(path, content)

    @contextmanager
    def _storage_errors(self) -> Iterator[None]:
        """Raise StorageError for any OSError of the block."""
        try:
            yield
        except OSError as error:
            raise StorageError(self.root, f"the archive cannot be written ({error.strerror})") from None


def _read_parquet(path: Path) -> pl.DataFrame:
    """Return a Parquet file. Raises StorageError if it is gone or damaged."""
    try:
        return pl.read_parquet(path.read_bytes())
    except (OSError, pl.exceptions.PolarsError):
        raise StorageError(path, "is missing or damaged; restore it from a backup") from None
