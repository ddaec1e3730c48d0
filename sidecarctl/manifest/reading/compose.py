"""YAML text -> nodes with marks, guarded against what makes libyaml crash.

libyaml composes (PyYAML's C extension; its Python twin where that is missing). Its composer calls
itself for every level of nesting and dies of a hundred thousand ``[``, so text that might nest that
deep is composed from events instead, slower and with the depth counted.
"""

import re
from collections.abc import Iterator

import yaml
from yaml.composer import Composer, ComposerError
from yaml.error import MarkedYAMLError, YAMLError
from yaml.events import AliasEvent, CollectionStartEvent, NodeEvent
from yaml.nodes import Node
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.scanner import Scanner

from sidecarctl.errors import ManifestError
from sidecarctl.manifest.scalars import TAG_PREFIX
from sidecarctl.manifest.text import BOM, Text

MAX_DEPTH = 200
PLAIN = ""
"""The tag of a scalar whose value its text decides, and of a collection without a tag."""

# Fewer levels than these cannot overflow even the stack of a thread, so nothing need be counted.
_MANY_OPENERS = 1000
_DEEP_INDENT = re.compile(r"^[ \t?:-]{500}", re.MULTILINE)
# What YAML calls no character. Listed and not negated: the complement takes 10 ms to compile.
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff\ufffe\uffff]"
)
_HINTS = {
    "no value can start with the character '\\t'": "indent with spaces: YAML takes no tabs",
    "found a tab character": "indent with spaces: YAML takes no tabs",
    "no value can start with": "put quotes around the value",
    "mapping values are not allowed": "look at the indentation; a value with ': ' needs quotes",
    "did not find expected alphabetic": "put quotes around a value that starts with '*' or '&'",
    "found undefined alias": "put quotes around a value that starts with '*'",
    "did not find expected key": "look at the indentation, and for a quote that is not closed",
    "did not find expected '-'": "look at the indentation of this line",
    "did not find expected <document start>": "look at the indentation of this line",
    "did not find expected ','": "look for a bracket that is not closed",
    "could not find expected ':'": "look for a missing colon, or a quote that is not closed",
}


class _Tags:
    """Tells plain scalars from others, and leaves their values to ``scalars.resolve``."""

    def resolve(self, _kind: type[Node], _value: object, implicit: object) -> str:
        is_quoted = isinstance(implicit, tuple) and not implicit[0]
        return f"{TAG_PREFIX}str" if is_quoted else PLAIN

    def descend_resolver(self, _parent: object, _index: object) -> None:
        return

    def ascend_resolver(self) -> None:
        return


class _PythonEvents(Reader, Scanner, Parser):
    """The parser in Python, for installations of PyYAML without libyaml."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)


if yaml.__with_libyaml__:
    from yaml._yaml import CParser as _Events
else:
    _Events = _PythonEvents  # type: ignore[assignment,misc]  # a twin, not a subclass


class _Fast(_Tags, _Events):
    """libyaml's parser and PyYAML's composer in C."""


class _Careful(_Tags, Composer, _Events):
    """libyaml's parser and a composer in Python: counts the depth, lets anchors be set again."""

    def __init__(self, source: Text, text: str) -> None:
        _Events.__init__(self, text)
        Composer.__init__(self)
        self._source = source
        self._depth = 0

    def compose_node(self, parent: Node | None, index: int) -> Node | None:
        event = self.peek_event()
        if self._depth > MAX_DEPTH and isinstance(event, CollectionStartEvent):
            offset = event.start_mark.index if event.start_mark else 0
            raise too_deep(self._source, offset + self._source.bom)
        if isinstance(event, NodeEvent) and not isinstance(event, AliasEvent):
            # YAML lets a later anchor take over the name of an earlier one; PyYAML does not.
            self.anchors.pop(event.anchor, None)
        self._depth += 1
        node: Node | None = Composer.compose_node(self, parent, index)
        self._depth -= 1
        return node


def compose(source: Text) -> list[Node]:
    """Return the root node of each document of *source*; an empty document is an empty scalar.

    Marks count from behind the byte order mark.

    Raises:
        ManifestError: a syntax error, a character that YAML forbids, nesting over ``MAX_DEPTH``, a
            byte order mark inside.
    """
    text = source.text[source.bom :]
    _refuse_inner_mark(source)
    try:
        return _compose(source, text)
    except MarkedYAMLError as error:
        raise _syntax_error(source, error) from None
    except (YAMLError, UnicodeEncodeError):  # ReaderError, which is no MarkedYAMLError
        raise _forbidden_character(source) from None


def compose_part(source: Text, text: str) -> Node:
    """Return the root node of *text*, a document of *source* that is right and not deep.

    Marks count from the start of *text*.
    """
    (root,) = _nodes(_Fast(text) if yaml.__with_libyaml__ else _Careful(source, text))
    return root


def too_deep(source: Text, offset: int) -> ManifestError:
    """Return the error for a value at *offset* that lies too deep."""
    return ManifestError(
        f"values are nested deeper than {MAX_DEPTH} levels", at=source.location(offset, offset + 1)
    )


def _compose(source: Text, text: str) -> list[Node]:
    if not yaml.__with_libyaml__ or _may_be_deep(text):
        return list(_nodes(_Careful(source, text)))
    try:
        return list(_nodes(_Fast(text)))
    except ComposerError as error:
        if "duplicate anchor" not in (error.context or ""):
            raise
        return list(_nodes(_Careful(source, text)))


def _nodes(composer: _Fast | _Careful) -> Iterator[Node]:
    try:
        while composer.check_node():
            node = composer.get_node()
            if node is not None:
                yield node
    finally:
        composer.dispose()


def _may_be_deep(text: str) -> bool:
    if _DEEP_INDENT.search(text):
        return True
    # What a document opens it must close, so the documents of a stream are looked at one by one.
    return _openers(text) > _MANY_OPENERS and any(
        _openers(part) > _MANY_OPENERS for part in text.split("\n---")
    )


def _openers(text: str) -> int:
    return text.count("[") + text.count("{")


def _refuse_inner_mark(source: Text) -> None:
    """Refuse a byte order mark that starts a line: libyaml and kubectl do not agree on it."""
    offset = source.text.find(f"\n{BOM}") + 1
    if offset:
        raise ManifestError(
            "a byte order mark stands in the middle of the file",
            at=source.location(offset, offset + 1),
            hint="it is invisible, and was left when files were joined: remove it",
        )


def _syntax_error(source: Text, error: MarkedYAMLError) -> ManifestError:
    message = error.problem or error.context or "this is no YAML"
    mark = error.problem_mark or error.context_mark
    offset = min(mark.index + source.bom, len(source.text)) if mark else 0
    if message.startswith("found character that cannot start any token"):
        message = f"no value can start with the character {source.text[offset : offset + 1]!r}"
    hint = next((text for start, text in _HINTS.items() if message.startswith(start)), None)
    return ManifestError(message, at=source.location(offset, offset + 1), hint=hint)


def _forbidden_character(source: Text) -> ManifestError:
    found = _FORBIDDEN.search(source.text, source.bom)
    offset = found.start() if found else 0
    code = ord(source.text[offset])
    return ManifestError(
        f"the character U+{code:04X} is not allowed in YAML",
        at=source.location(offset, offset + 1),
        hint="write it as an escape in double quotes, or keep binary data in base64",
    )
