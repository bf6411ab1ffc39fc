"""The archive: the bytes of every submission under their digest, and what was made of them."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
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

from common.atomic_files import put_in_place, sync_folder, write_whole
from common.errors import StorageError
from common.readable_files import BLOCK, Readable


@dataclass(frozen=True)
class Archive:
    """Folders of the archive. Everything in it is readable by its owner only."""

    root: Path

    @property
    def landing(self) -> Path:
        """Bytes that have come and have not been judged."""
        return self.root / "holding"

    @property
    def files(self) -> Path:
        return self.root / "files"

    @property
    def staging(self) -> Path:
        """What was made of submissions and is not in the ledger yet."""
        return self.root / "staging"

    def prepare(self) -> None:
        """Make the folders. Raises StorageError."""
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
        """Copy what can be read, or the first `most` bytes of it, into holding; SHA-256 and size of the copy. Raises
        OSError if the source cannot be read, and StorageError if the archive cannot be written."""
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
        """The bytes of a submission, or the first so many, from holding or from the files. Raises StorageError if they
        are gone."""
        for path in (self.landing / digest, self.files / digest):
            with contextlib.suppress(FileNotFoundError), path.open("rb") as file:
                return file.read(most)
        raise StorageError(self.root, f"the file with digest {digest[:12]}… is missing; restore it from a backup")

    def archive_file(self, digest: str) -> None:
        """Move a judged file from holding to the files."""
        with self._storage_errors(), contextlib.suppress(FileNotFoundError):
            (self.landing / digest).replace(self.files / digest)
            sync_folder(self.files)

    def delete(self, digest: str) -> None:
        """Delete a file that must not be kept."""
        with self._storage_errors(), contextlib.suppress(FileNotFoundError):
            (self.landing / digest).unlink()

    def has_file(self, digest: str) -> bool:
        """Whether the bytes of a submission or of a meta file are still there."""
        return (self.landing / digest).is_file() or (self.files / digest).is_file()

    def delete_landed_except(self, digests: Collection[str]) -> None:
        """Delete what lies in holding and nobody waits for, such as what an interrupted night was to delete."""
        with self._storage_errors():
            for path in self.landing.iterdir():
                if path.name not in digests:
                    path.unlink()

    @contextmanager
    def staging_folder(self) -> Iterator[Path]:
        """A folder of a name never used before for what is made of submissions; whatever an interrupted night left in
        one is deleted first. Raises StorageError."""
        with self._storage_errors():
            for left in self.staging.iterdir():
                shutil.rmtree(left)
            folder = Path(tempfile.mkdtemp(dir=self.staging))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def archive_table(self, staged: Path, name: str) -> None:
        """Keep an outcome's tidy table, which was staged as Parquet."""
        with self._storage_errors():
            staged.replace(self.root / "outcomes" / name)
            sync_folder(self.root / "outcomes")

    def read_table(self, name: str) -> pl.DataFrame:
        """An outcome's tidy table. Raises StorageError if it is gone or damaged."""
        return _read_parquet(self.root / "outcomes" / name)

    def archive_copy(self, staged: Path, submission: str) -> None:
        """Keep the marked-up copy of a submission, to go with the message that tells its findings."""
        with self._storage_errors():
            staged.replace(self.root / "copies" / f"{submission}.xlsx")
            sync_folder(self.root / "copies")

    def read_copy(self, submission: str) -> bytes | None:
        """The marked-up copy of a submission; None where there is none."""
        with contextlib.suppress(FileNotFoundError):
            return (self.root / "copies" / f"{submission}.xlsx").read_bytes()
        return None

    def archive_definitions(self, digest: str, files: Mapping[str, bytes]) -> None:
        """Keep the definitions or layouts that a night used, by their digest."""
        path = self.root / "definitions" / f"{digest}.json"
        if not path.exists():
            self._write(path, orjson.dumps({name: text.decode("utf-8", "replace") for name, text in files.items()}))

    def read_definitions(self, digest: str) -> dict[str, bytes]:
        """The files of the definitions or layouts with a digest. Raises StorageError if they are gone or damaged."""
        path = self.root / "definitions" / f"{digest}.json"
        try:
            return {name: text.encode() for name, text in orjson.loads(path.read_bytes()).items()}
        except (OSError, ValueError, AttributeError):
            raise StorageError(path, "is missing or damaged; restore it from a backup") from None

    def archive_publication_history(self, name: str, tables: Mapping[str, pl.DataFrame]) -> dict[str, str]:
        """Keep what the store knows of the past, and what each of its tables is called here."""
        names = {}
        for table, frame in tables.items():
            whole = io.BytesIO()
            frame.write_parquet(whole)
            names[table] = f"{name}-{table}.parquet"
            self._write(self.root / "past" / names[table], whole.getvalue())
        return names

    def read_publication_history(self, name: str) -> pl.DataFrame:
        """A table of the past that was kept. Raises StorageError if it is gone or damaged."""
        return _read_parquet(self.root / "past" / name)

    def note_night_time(self, what: str, run: str, at: datetime) -> None:
        """Note when a night began or ended, for those who watch over the nights; nothing depends on it."""
        path, held = self.root / "nights.json", {}
        with contextlib.suppress(OSError, ValueError):
            held = dict(orjson.loads(path.read_bytes()))
        self._write(path, orjson.dumps({**held, what: at.isoformat(), "run": run}))

    def _write(self, path: Path, content: bytes) -> None:
        with self._storage_errors():
            write_whole(path, content)

    @contextmanager
    def _storage_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StorageError(self.root, f"the archive cannot be written ({error.strerror})") from None


def _read_parquet(path: Path) -> pl.DataFrame:
    try:
        return pl.read_parquet(path.read_bytes())
    except (OSError, pl.exceptions.PolarsError):
        raise StorageError(path, "is missing or damaged; restore it from a backup") from None
