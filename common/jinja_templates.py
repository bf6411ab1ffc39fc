"""Render text and HTML from Jinja2 templates: ours, or an organisation's own in their place."""

from __future__ import annotations

import html
import traceback
from collections.abc import Iterable, Mapping
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
    nodes,
    pass_eval_context,
    select_autoescape,
)
from jinja2.meta import find_referenced_templates, find_undeclared_variables
from markupsafe import Markup

from local_indicators.common.errors import DefinitionError

SUFFIX = ".jinja"
HTML_SUFFIX = "html.jinja"
OURS = "ours"
"""An organisation's template reaches ours of the same name by `{% extends "ours/NAME" %}`."""


@dataclass(frozen=True)
class Branding:
    """What an organisation sets in place of ours: a folder of templates, and its name; nothing by default."""

    templates: Path | None = None
    organisation: str = ""

    @property
    def name(self) -> str:
        """The organisation's name on one line, without control characters."""
        return " ".join("".join(c if c.isprintable() else " " for c in self.organisation).split())


NO_BRANDING = Branding()


def render(folder: Path, name: str, branding: Branding, values: Mapping[str, Any]) -> str:
    """Return the text of the template `name`: the organisation's own if it has one, else ours in `folder`.

    Values are escaped in templates named *.html.jinja. Raises DefinitionError naming template, line and reason.
    """
    environment = _environment(folder, branding.templates, keeps_layout=_is_layout(name))
    try:
        return environment.get_template(name).render(organisation=branding.name, **values)
    except TemplateSyntaxError as error:
        raise _syntax_fault(error, template_file(folder, name, branding)) from None
    except TemplateNotFound as error:
        reason = f"names the template {error.name!r}, which is not there"
        raise DefinitionError(template_file(folder, name, branding), reason) from None
    except (TemplateError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.endswith(SUFFIX)]
        file, line = (frames[-1].filename, frames[-1].lineno) if frames else (template_file(folder, name, branding), 0)
        raise DefinitionError(file, f"cannot be filled in: {error}", key=f"line {line}" if line else "") from None


def template_file(folder: Path, name: str, branding: Branding) -> Path:
    """Return where the template `name` lies: in the organisation's folder if it is there, else in ours."""
    own = branding.templates / name if branding.templates else None
    return own if own is not None and own.is_file() else folder / name


def check_overrides(folders: Iterable[Path], branding: Branding) -> None:
    """Check that each of the organisation's templates takes the place of one in `folders`, can be parsed and uses only
    what ours of that name uses.

    A file that begins with `_` is for other templates to include. Raises DefinitionError for the first fault.
    """
    if branding.templates is None:
        return
    if not branding.templates.is_dir():
        raise DefinitionError(branding.templates, "is not a folder of templates")
    ours = {path.name: folder for folder in folders for path in folder.glob(f"*{SUFFIX}")}
    replaceable = sorted(name for name in ours if not name.startswith("_"))
    for path in sorted(branding.templates.glob(f"*{SUFFIX}")):
        if path.name in ours:
            _check_names(path, ours[path.name])
        elif not path.name.startswith("_"):
            raise DefinitionError(path, f"takes the place of no template; there are {', '.join(replaceable)}")


def _check_names(path: Path, folder: Path) -> None:
    environment = _environment(folder, path.parent, keeps_layout=True)
    try:
        used = find_undeclared_variables(environment.parse(path.read_text(encoding="utf-8")))
    except TemplateSyntaxError as error:
        raise _syntax_fault(error, path) from None
    except (OSError, UnicodeDecodeError) as error:
        raise DefinitionError(path, f"cannot be read ({error})") from None
    known = _names_in(folder, path.name, environment) | {"organisation"}
    if unknown := sorted(used - known - environment.globals.keys()):
        reason = f"uses {', '.join(unknown)}, which is not known here; known are {', '.join(sorted(known))}"
        raise DefinitionError(path, reason)


def _names_in(folder: Path, name: str, environment: Environment) -> set[str]:
    """Return the names that one of our templates uses or makes, with those of the templates that it includes."""
    tree = environment.parse((folder / name).read_text(encoding="utf-8"))
    names = find_undeclared_variables(tree) | {macro.name for macro in tree.find_all(nodes.Macro)}
    for statement in tree.find_all(nodes.FromImport):
        names |= {part if isinstance(part, str) else part[1] for part in statement.names}
    for included in find_referenced_templates(tree):
        if included is not None:
            names |= _names_in(folder, included, environment)
    return names


def _syntax_fault(error: TemplateSyntaxError, file: Path) -> DefinitionError:
    return DefinitionError(error.filename or file, error.message or "is no template", key=f"line {error.lineno}")


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
def _escaped(context: nodes.EvalContext, value: Any) -> Any:
    """Escape as the standard library does, whose entities every mail program knows; leave what is escaped already."""
    if context.autoescape and not hasattr(value, "__html__"):
        return Markup(html.escape(str(value)))  # noqa: S704  # what is marked here as safe was escaped here
    return value


def _is_layout(name: str) -> bool:
    return name.count(".") > 1
