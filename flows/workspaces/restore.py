"""`indicators restore`: a workspace again, from a backup, in a new folder.

A backup is not trusted: only plain files with names below the folder are taken out of it, each is compared with the
digest that the manifest gives, and the folder takes its name only when all of it is right.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import orjson

from local_indicators.common.errors import ReleaseError, StorageError, UsageError
from local_indicators.common.progress import report_progress
from local_indicators.common.toml_text import toml_string
from local_indicators.flows.workspace import FOLDERS, SETTINGS_FILE
from local_indicators.flows.workspaces.backup import FORM
from local_indicators.flows.workspaces.backup_contents import INSIDE, MANIFEST, OUTSIDE, SECRETS, is_beside

_CHUNK = 1 << 20
_MOST_MANIFEST = 512 * _CHUNK


@dataclass(frozen=True)
class Restored:
    """What was restored: the folder, how many files, when the backup was made (ISO 8601, UTC), whether secrets were in
    it, and the settings whose folders lay elsewhere and are in the workspace now."""

    folder: Path
    files: int
    made_at: str
    secrets: bool
    moved: tuple[str, ...]


def verify(file: Path) -> Mapping[str, Any]:
    """Read a whole backup, compare every file with its digest, and return the manifest. Raises StorageError."""
    with _unpacked(file, None) as manifest:
        return manifest


def restore(file: Path, folder: Path) -> Restored:
    """Restore a backup into a new or empty folder. Raises UsageError where the folder is not empty, StorageError where
    the backup is damaged or is none; then the folder is as it was."""
    folder = folder.expanduser().absolute()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(folder, "is not empty; name a new folder, and nothing that is there is lost")
    folder.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        with _unpacked(file, work) as manifest:
            _lay_links_and_folders(work, manifest)
            moved = _bring_inside(work, manifest)
            made = work / INSIDE
            if not (made / SETTINGS_FILE).is_file():
                raise StorageError(file, f"holds no {SETTINGS_FILE}, so it is no backup of a workspace")
            if folder.exists():
                folder.rmdir()
            made.replace(folder)
            secrets = (folder / SECRETS).exists()
            return Restored(folder, len(manifest["files"]), str(manifest["made_at"]), secrets, moved)
    except OSError as error:
        raise StorageError(error.filename or folder, f"cannot be restored ({error.strerror})") from None
    finally:
        shutil.rmtree(work, ignore_errors=True)


@contextmanager
def _unpacked(file: Path, into: Path | None) -> Iterator[Mapping[str, Any]]:
    """Take every file out of a backup, into a folder or only to compare it; yield the manifest."""
    if not file.is_file():
        raise UsageError(file, "is not a file")
    try:
        digests, manifest = _take_out(file, into)
    except (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError, OverflowError) as error:
        raise StorageError(file, f"is damaged, or no backup ({error})") from None
    if manifest is None:
        raise StorageError(file, "is cut off, or no backup: it has no manifest")
    if not isinstance(manifest.get("form"), int) or manifest["form"] > FORM:
        raise ReleaseError(file, f"is of a later release ({manifest.get('release')}); install that one")
    listed = {name: entry["sha256"] for name, entry in manifest["files"].items()}
    if wrong := sorted(name for name in digests.keys() | listed.keys() if digests.get(name) != listed.get(name)):
        more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        raise StorageError(file, f"is damaged: {', '.join(wrong[:3])}{more} is not as it was saved")
    yield manifest


def _take_out(file: Path, into: Path | None) -> tuple[dict[str, str], dict[str, Any] | None]:
    """Take the files out one after the other. Raises StorageError for a member that is no plain file below the
    folder."""
    digests: dict[str, str] = {}
    manifest: dict[str, Any] | None = None
    with tarfile.open(file, mode="r:gz") as tar:
        for number, member in enumerate(tar):
            report_progress("Reading the backup", number, 0)
            content = tar.extractfile(member) if member.isreg() else None
            if content is None or manifest is not None or not _is_safe(member.name) or member.name in digests:
                raise StorageError(file, f"is no backup of ours: {member.name[:80]!r} has no place in one")
            if member.name == MANIFEST:
                if member.size > _MOST_MANIFEST:
                    raise StorageError(file, "is no backup of ours: its manifest is too long")
                manifest = _manifest(content.read(), file)
                continue
            digests[member.name] = _copy(content, into / member.name if into else None, member)
    return digests, manifest


def _manifest(content: bytes, file: Path) -> dict[str, Any]:
    try:
        manifest = orjson.loads(content)
        if all(isinstance(manifest[key], dict) for key in ("files", OUTSIDE)) and "made_at" in manifest:
            return dict(manifest)
    except (ValueError, KeyError, TypeError):
        pass
    raise StorageError(file, "is no backup of ours: its manifest cannot be read")


def _is_safe(name: str) -> bool:
    parts = PurePosixPath(name).parts
    below = len(parts) > 1 and parts[0] in (INSIDE, OUTSIDE) and ".." not in parts and "\0" not in name
    return name == MANIFEST or (below and name == "/".join(parts))


def _copy(content: Any, path: Path | None, member: tarfile.TarInfo) -> str:
    """Copy a member to a path, if there is one, with its time and rights, and return its digest."""
    digest = hashlib.sha256()
    if path is None:
        while chunk := content.read(_CHUNK):
            digest.update(chunk)
        return digest.hexdigest()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as copy:
        while chunk := content.read(_CHUNK):
            digest.update(chunk)
            copy.write(chunk)
    path.chmod(member.mode & 0o777 or 0o600)
    os.utime(path, (member.mtime, member.mtime))
    return digest.hexdigest()


def _lay_links_and_folders(work: Path, manifest: Mapping[str, Any]) -> None:
    for name in manifest.get("folders", ()):
        if isinstance(name, str) and _is_safe(name):
            (work / name).mkdir(parents=True, exist_ok=True)
    for name, target in manifest.get("links", {}).items():
        if _is_safe(name) and isinstance(target, str) and is_beside(target):
            (work / name).parent.mkdir(parents=True, exist_ok=True)
            (work / name).symlink_to(target)


def _bring_inside(work: Path, manifest: Mapping[str, Any]) -> tuple[str, ...]:
    """Move what lay outside the workspace into it, and have its settings say so. Return the settings that changed."""
    moved = []
    path = work / INSIDE / SETTINGS_FILE
    for name, before in manifest[OUTSIDE].items():
        if name not in (*FOLDERS, "templates"):
            continue
        source, target = work / OUTSIDE / name, work / INSIDE / _default_folder(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():  # something else lies there already
            target = target.with_name(f"{target.name}-restored")
        source.replace(target) if source.exists() else target.mkdir(parents=True)
        where = target.relative_to(work / INSIDE)
        where = where / Path(str(manifest.get("warehouse", "indicators.duckdb"))).name if name == "warehouse" else where
        _set(path, name, where.as_posix(), f"restored; before it was {' '.join(str(before).split())}")
        moved.append(name)
    for name in ("archive", "warehouse"):
        for folder in (work / INSIDE / name, work / INSIDE / name / "kept"):
            if folder.is_dir():
                folder.chmod(0o700 if folder.name != "warehouse" else 0o755)
    return tuple(moved)


def _default_folder(name: str) -> str:
    return {"warehouse": "warehouse", "templates": "texts"}.get(name, FOLDERS.get(name, name))


def _set(path: Path, name: str, value: str, comment: str) -> None:
    """Give a setting of an indicators.toml another value."""
    line = f"{name} = {toml_string(value)}  # {comment}"
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    pattern = rf"(?m)^{name}\s*=.*$"
    text = re.sub(pattern, lambda _: line, text) if re.search(pattern, text) else f"{line}\n{text}"
    path.write_text(text, encoding="utf-8")
