"""Where settings come from: options, the environment, .env and indicators.toml of the workspace, and its folders."""

from __future__ import annotations

import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from local_indicators.common.errors import UsageError
from local_indicators.flows.workspace import FOLDERS, SETTINGS_FILE, TEXTS

PATHS = (*FOLDERS, "templates")
"""Settings that are paths. In the files of a workspace they are taken from its folder, elsewhere from the working
directory."""
MAY_HOLD_SECRETS = ("smtp_url", "inbox")
"""Settings that may hold a password, which belongs into the environment or .env."""


class WorkspaceSettings(BaseSettings):
    """Settings of one workspace. What is given comes before the environment, then .env, indicators.toml, defaults."""

    model_config = SettingsConfigDict(env_prefix="INDICATORS_", extra="ignore", frozen=True)

    knows_every_setting: ClassVar[bool] = False
    """Whether a key of indicators.toml that is no field of the class is refused."""
    workspace: Path

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return the sources, the first that gives a setting counting."""
        return init_settings, env_settings, _DotEnv(settings_cls), _WorkspaceFile(settings_cls), _Folders(settings_cls)


class _OfWorkspace(PydanticBaseSettingsSource):
    """A source that depends on which workspace it is, which is given to begin with."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002
        """Not used: a source is read whole."""
        return None, field_name, False

    @property
    def folder(self) -> Path:
        """The folder of the workspace."""
        return Path(self.current_state["workspace"])

    def known(self) -> set[str]:
        """The settings that there are."""
        return set(self.settings_cls.model_fields) - {"workspace"}


class _DotEnv(_OfWorkspace):
    """The workspace's .env."""

    def __call__(self) -> dict[str, Any]:
        read = DotEnvSettingsSource(self.settings_cls, env_file=self.folder / ".env")()
        return {name: _in_folder(self.folder, name, value) for name, value in read.items() if name in self.known()}


class _WorkspaceFile(_OfWorkspace):
    """indicators.toml. Raises UsageError for a key that is none, and for a password."""

    def __call__(self) -> dict[str, Any]:
        path = self.folder / SETTINGS_FILE
        given = read_settings_file(path)
        every = sorted(self.known())
        for name in given if getattr(self.settings_cls, "knows_every_setting", False) else ():
            if name not in every:
                likely = get_close_matches(name, every, n=1)
                hint = f"did you mean {likely[0]}? " if likely else ""
                raise UsageError(f"{path}: {name}", f"is no setting; {hint}known are {', '.join(every)}")
        for name in MAY_HOLD_SECRETS:
            if has_password(given.get(name)):
                reason = f"holds a password, which does not belong here; set INDICATORS_{name.upper()} in .env instead"
                raise UsageError(f"{path}: {name}", reason)
        return {name: _in_folder(self.folder, name, value) for name, value in given.items() if name in self.known()}


class _Folders(_OfWorkspace):
    """The folders that a workspace has unless it says otherwise."""

    def __call__(self) -> dict[str, Any]:
        texts = {"templates": TEXTS} if (self.folder / TEXTS).is_dir() else {}
        folders = {**FOLDERS, **texts}
        return {name: str(self.folder / where) for name, where in folders.items() if name in self.known()}


def read_settings_file(path: Path) -> dict[str, Any]:
    """Return the keys of an indicators.toml. Raises UsageError where it cannot be read."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UsageError(path, f"cannot be read ({error.strerror})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(path, f"is not valid TOML: {error}") from None


def has_password(value: object) -> bool:
    """Return whether a setting is an address with a password in it."""
    try:
        return isinstance(value, str) and "://" in value and bool(urlsplit(value).password)
    except ValueError:
        return False


def _in_folder(folder: Path, name: str, value: Any) -> Any:
    """A path of a workspace's file, taken from its folder; addresses of servers and other settings as they are."""
    if name not in PATHS or not isinstance(value, str) or not value or "://" in value:
        return value
    return str(folder / Path(value).expanduser())
