"""Which files a backup holds: everything of a workspace, wherever its settings have put it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from local_indicators.common.shipped_files import PACKAGE
from local_indicators.flows.settings import Settings
from local_indicators.flows.workspace import SETTINGS_FILE

MANIFEST = "manifest.json"
INSIDE, OUTSIDE = "workspace", "outside"
"""Under which the files of the workspace's folder stand in a backup, and those that its settings put elsewhere."""
SECRETS = ".env"
_MADE_AGAIN = {".git", ".venv", ".prefect", "__pycache__", "backups", "node_modules"}
"""Folders that are versioned or made again."""


@dataclass(frozen=True)
class BackupFile:
    """A file, an empty folder or a link of a backup: the name it has there, and where it is."""

    name: str
    path: Path

    @property
    def link(self) -> str:
        """What a link leads to; "" for anything else."""
        return self.path.readlink().as_posix() if self.path.is_symlink() else ""


def folders_of(settings: Settings) -> Mapping[str, Path]:
    """Return the folders that the settings name, by setting; of an inbox on a server and of texts that are not there,
    nothing."""
    named = {
        "inbox": settings.inbox,
        "archive": settings.archive,
        "warehouse": settings.warehouse.parent,
        "outbox": settings.outbox,
        "reports": settings.reports,
        "definitions": settings.definitions,
        "partners": settings.partners,
        "claims": settings.claims,
        "templates": settings.templates,
    }
    return {name: path for name, path in named.items() if isinstance(path, Path) and path.is_dir()}


def files_to_back_up(settings: Settings, *, with_secrets: bool) -> Iterator[BackupFile]:
    """Yield every file, empty folder and link to something beside it, each once, in a fixed order. No link is followed:
    what it leads to need not be the workspace's."""
    root = settings.workspace
    seen: set[Path] = set()
    tops = [root] if not _holds_the_code(root) else []
    for name, folder in (*((INSIDE, top) for top in tops), *folders_of(settings).items()):
        inside = folder.is_relative_to(root)
        for path in sorted(_files(folder, settings, only_data=name == "warehouse" and not tops)):
            if path in seen or (path == root / SECRETS and not with_secrets):
                continue
            seen.add(path)
            where = path.relative_to(root) if inside else Path(name, path.relative_to(folder))
            yield BackupFile(Path(INSIDE if inside else OUTSIDE, where).as_posix(), path)
    for path in (root / SETTINGS_FILE, root / SECRETS):
        if path.is_file() and path not in seen and (path.name != SECRETS or with_secrets):
            yield BackupFile(Path(INSIDE, path.name).as_posix(), path)


def _holds_the_code(root: Path) -> bool:
    """Whether a workspace's folder holds the code too, of which a backup takes nothing."""
    return PACKAGE.is_relative_to(root.resolve())


def _files(folder: Path, settings: Settings, *, only_data: bool) -> Iterator[Path]:
    """The files below a folder; of a warehouse beside code only what nights wrote."""
    parts = {settings.warehouse.name, settings.store.name, "kept", "exports"}
    for path in folder.iterdir():
        if path.name in _MADE_AGAIN or _is_passing(path, settings):
            continue
        if path.is_symlink() and not is_beside(path.readlink().as_posix()):
            continue
        if only_data and not any(path.name == part or path.name.startswith(f"{part}.") for part in parts):
            continue
        if path.is_symlink() or path.is_file():
            yield path
        elif path.is_dir():
            yield from _files(path, settings, only_data=False)
            if not any(path.iterdir()):
                yield path


def is_beside(target: str) -> bool:
    """Return whether a link leads to something in its own folder."""
    return bool(target) and "/" not in target and target not in (".", "..")


def _is_passing(path: Path, settings: Settings) -> bool:
    """Whether a file is of no use elsewhere: locks, and what a night holds for a moment only."""
    return path == settings.archive / "lock" or path.parent == settings.archive / "staging"
