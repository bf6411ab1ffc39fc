"""Render text and HTML from Jinja2 templates: ours, or an organisation's own in their place."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import (
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    PrefixLoader,
    StrictUndefined,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
    pass_eval_context,
    select_autoescape,
)
from jinja2.meta import find_undeclared_variables
from jinja2.nodes import EvalContext
from markupsafe import Markup

from common.errors import DefinitionError

SUFFIX = ".jinja"
HTML_SUFFIX = "html.jinja"
OURS = "ours"
"""An organisation's template reaches ours of the same name by `{% extends "ours/NAME" %}`."""


@dataclass(frozen=True)
class Branding:
    """What an organisation sets in place of ours: a folder of templates, and its name; nothing by default."""

    templates: Path | None = None
    organisation: str = ""


NO_BRANDING = Branding()


def render(folder: Path, name: str, branding: Branding, values: Mapping[str, Any]) -> str:
    """Return the text of the template `name`: the organisation's own if it has one, else ours in `folder`.

    Values are escaped in templates named *.html.jinja. Raises DefinitionError naming template, line and reason.
    """
    environment = _environment(folder, branding.templates, keeps_layout=_is_layout(name))
    try:
        return environment.get_template(name).render(organisation=branding.organisation, **values)
    except DefinitionError:
        raise
    except TemplateSyntaxError as error:
        file = error.filename or _file(folder, name, branding)
        raise DefinitionError(file, error.message or "is no template", key=f"line {error.lineno}") from None
    except TemplateNotFound as error:
        reason = f"names the template {error.name!r}, which is not there"
        raise DefinitionError(_file(folder, name, branding), reason) from None
    except (TemplateError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise DefinitionError(_file(folder, name, branding), f"cannot be filled in ({error})") from None


def check_overrides(folders: Mapping[Path, Mapping[str, frozenset[str]]], branding: Branding) -> None:
    """Check the organisation's templates before anything is done with them.

    `folders` are the folders of ours, each with the names that the templates in it may use. A file that begins with
    `_` is for other templates to include. Raises DefinitionError for the first that is misspelt, that cannot be parsed
    or that uses an unknown name.
    """
    if branding.templates is None:
        return
    if not branding.templates.is_dir():
        raise DefinitionError(branding.templates, "is not a folder of templates")
    ours = {path.name: folder for folder in folders for path in folder.glob(f"*{SUFFIX}")}
    for path in sorted(branding.templates.glob(f"*{SUFFIX}")):
        if path.name.startswith("_"):
            continue
        if path.name not in ours:
            raise DefinitionError(path, f"takes the place of no template; there are {', '.join(sorted(ours))}")
        _check_names(path, ours[path.name], folders[ours[path.name]][path.name])


def _check_names(path: Path, folder: Path, known: frozenset[str]) -> None:
    environment = _environment(folder, path.parent, keeps_layout=True)
    try:
        unknown = find_undeclared_variables(environment.parse(path.read_text(encoding="utf-8")))
    except TemplateSyntaxError as error:
        raise DefinitionError(path, error.message or "is no template", key=f"line {error.lineno}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise DefinitionError(path, f"cannot be read ({error})") from None
    known |= {"organisation"}
    if unknown := unknown - known - environment.globals.keys():
        reason = f"uses {', '.join(sorted(unknown))}, which is not known here; known are {', '.join(sorted(known))}"
        raise DefinitionError(path, reason)


def names_used(folder: Path, *given: str) -> dict[str, frozenset[str]]:
    """Return, for each of our templates in a folder, the names that it uses, with those `given` to all."""
    environment = _environment(folder, None, keeps_layout=True)
    return {
        path.name: frozenset(find_undeclared_variables(environment.parse(path.read_text(encoding="utf-8")))) | {*given}
        for path in folder.glob(f"*{SUFFIX}")
    }


@lru_cache(maxsize=16)
def _environment(folder: Path, own: Path | None, *, keeps_layout: bool) -> Environment:
    """Return where templates are looked for and how they are read. `keeps_layout`: lines with nothing but a tag leave
    no trace; where lines mean nothing, a tag leaves the end of its line in place, between words."""
    ours = FileSystemLoader(folder)
    loaders = [*([FileSystemLoader(own)] if own else []), ours, PrefixLoader({OURS: ours})]
    return Environment(
        loader=ChoiceLoader(loaders),
        autoescape=select_autoescape((HTML_SUFFIX,), default=False),
        undefined=StrictUndefined,
        finalize=_escaped,
        trim_blocks=keeps_layout,
        lstrip_blocks=keeps_layout,
        keep_trailing_newline=True,
    )


@pass_eval_context
def _escaped(context: EvalContext, value: Any) -> Any:
    """Escape as the standard library does, whose entities every mail program knows; leave what is escaped already."""
    if context.autoescape and not hasattr(value, "__html__"):
        return Markup(html.escape(str(value)))  # noqa: S704  # what is marked here as safe was escaped here
    return value


def _is_layout(name: str) -> bool:
    return name.count(".") > 1


def _file(folder: Path, name: str, branding: Branding) -> Path:
    own = branding.templates / name if branding.templates else None
    return own if own is not None and own.is_file() else folder / name
