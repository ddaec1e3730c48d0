"""Templates become data: the only module that knows Jinja.

A template prints values and decides nothing. Every value goes through ``| yaml``, which writes JSON
(every YAML reader takes it), so no value can break out of its place; a name that nobody gave is an
error, never an empty string.
"""

import json
import marshal
import traceback
from collections.abc import Mapping
from functools import cache, lru_cache
from json.encoder import encode_basestring
from pathlib import Path
from typing import cast

from jinja2 import FunctionLoader, StrictUndefined, Template, TemplateSyntaxError, Undefined
from jinja2.sandbox import SandboxedEnvironment

from sidecarctl.envoy.matchers import string_matcher
from sidecarctl.errors import ManifestError, TemplateError
from sidecarctl.findings import Json, JsonObject, Location
from sidecarctl.inject.compiled import Beside
from sidecarctl.lifecycle.quantities import memory_bytes
from sidecarctl.manifest.document import parse
from sidecarctl.profile import units


def render(template: Path, values: Mapping[str, object]) -> JsonObject:
    """Return the mapping that *template* renders to with *values*; an empty rendering is ``{}``.

    Raises:
        TemplateError: with the place in the template. The values are never part of the message:
            they may hold secrets.
    """
    name = _shown(template)
    try:
        text = _template(template).render(values)
    except TemplateSyntaxError as error:
        raise TemplateError(error.message or "syntax error", at=_at(name, error.lineno)) from None
    except Exception as error:  # noqa: BLE001  a template is input: whatever it raises is its author's
        raise TemplateError(str(error), at=_at(name, _line_of(error, template))) from None
    return cast(JsonObject, marshal.loads(_data(text, name)))  # noqa: S302  our own bytes


@lru_cache(maxsize=4096)
def _data(text: str, name: str) -> bytes:
    """Return the data of *text*, in a form of which a copy of one's own is quickly had.

    The workloads of a fleet render to the same texts over and over: reading them anew would take
    half of the time that an injection takes.
    """
    if not text.strip():
        return marshal.dumps({})
    try:
        documents = parse(text, name).documents
    except ManifestError as error:
        # The place is one of the rendered text, which nobody can open: name the template alone.
        raise TemplateError(
            f"renders to text that is no YAML: {error.message}", at=_at(name, 1)
        ) from None
    if len(documents) != 1:
        raise TemplateError("must render to one mapping", at=_at(name, 1))
    return marshal.dumps(documents[0].data)


def seconds(duration: str) -> str:
    """Return *duration* (``"500ms"``, ``"1.5s"``, ``"5m"``) as Envoy writes it: ``"0.5s"``.

    Source: https://protobuf.dev/reference/protobuf/google.protobuf/#duration
    """
    return f"{units.seconds(duration):.9f}".rstrip("0").rstrip(".") + "s"


def _percent(share: str) -> float:
    number = float(share.removesuffix("%"))
    return int(number) if number.is_integer() else number


def _yaml(value: Json | Undefined) -> str:
    if isinstance(value, str):  # most are
        return encode_basestring(value)
    if isinstance(value, Undefined):
        str(value)  # StrictUndefined raises here; json.dumps would raise a TypeError instead
    return json.dumps(value, ensure_ascii=False)


@cache
def _environment() -> SandboxedEnvironment:
    environment = SandboxedEnvironment(
        loader=FunctionLoader(_source),
        bytecode_cache=Beside(),
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        optimized=False,  # to fold constants takes longer than it saves
    )
    environment.filters.update(
        yaml=_yaml, seconds=seconds, percent=_percent, bytes=memory_bytes, matcher=string_matcher
    )
    return environment


def _source(file: str) -> tuple[str, str, None]:
    return Path(file).read_text(encoding="utf-8"), file, None


@cache
def _template(path: Path) -> Template:
    return _environment().get_template(str(path))


def _shown(template: Path) -> str:
    """Return the path from ``templates/`` on: the place of the installation says nothing."""
    parts = template.parts
    return "/".join(parts[parts.index("templates") :]) if "templates" in parts else str(template)


def _line_of(error: BaseException, template: Path) -> int:
    """Return the line of *template* in which *error* arose: the last frame that lies in it."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == str(template)]
    return next((line for line in reversed(lines) if line), 1)


def _at(name: str, line: int) -> Location:
    return Location(name, line, 1, line, 1)
