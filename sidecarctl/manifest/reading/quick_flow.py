"""A flow collection that starts and ends on one line: ``{app: shop}``, ``["a", 1]``."""

import re
from typing import Final, cast

from sidecarctl.findings import Json
from sidecarctl.manifest.reading.quick_scalar import QUOTED, key_of_text, unquoted
from sidecarctl.manifest.scalars import resolve

_MAX_DEPTH: Final = 20
_LONGEST_KEY: Final = 200

_CHARACTER = r"[\w./$=()+~<>@%*-]"
# Far less than YAML takes; `: ` and ` #` end it, and what follows then is refused.
_PLAIN = rf"-*[\w./$=](?:{_CHARACTER}++|:(?=[\w./$-])| ++(?={_CHARACTER}))*+"
_TOKEN = re.compile(
    rf"((?:({_PLAIN})|({QUOTED})|([{{}}\[\],]))(:(?= ))? *|#.*)",
    re.ASCII,
)

_VALUE, _KEY, _NEXT, _NOTHING = range(4)
"""What must follow: a value, the key of an entry, a comma or the end, or nothing but a comment."""


class Refused(Exception):  # noqa: N818  no error: libyaml has its turn
    """The text is not plain enough."""


def flow(text: str) -> Json:  # noqa: C901, PLR0912, PLR0915  one loop, as in `quick`
    """Return the collection that *text*, which starts with a bracket, is; a comment may follow.

    Raises:
        Refused: it is more than one, goes on, is wrong, or is written in a way not known here.
    """
    tokens = _TOKEN.findall(text)
    if sum(len(token[0]) for token in tokens) != len(text):
        raise Refused
    parents: list[dict[str, Json] | list[Json]] = []
    top: dict[str, Json] | list[Json] | None = None
    key = ""
    awaited, may_close, is_blank_before = _VALUE, False, False
    for whole, plain, quoted, sign, colon in tokens:
        if awaited == _NOTHING:
            if whole[0] == "#" and is_blank_before:
                break
            raise Refused
        if whole[0] == "#":
            raise Refused
        if awaited == _KEY and not sign:
            key = _key(plain, quoted, top)
            if not colon:
                raise Refused
            awaited, may_close = _VALUE, False
            continue
        if colon:
            raise Refused
        if sign == ",":
            if awaited != _NEXT:
                raise Refused
            awaited = _KEY if type(top) is dict else _VALUE
            continue
        if sign and sign in "}]":
            if not (may_close or awaited == _NEXT) or (sign == "}") != (type(top) is dict):
                raise Refused
            closed = top
            top = parents.pop()
            awaited, may_close = (_NEXT if parents else _NOTHING), False
            is_blank_before = whole[-1] == " "
            continue
        if awaited != _VALUE:
            raise Refused
        value: Json
        if plain:
            value = resolve(plain)
        elif quoted:
            value = unquoted(quoted)
        else:
            value = {} if sign == "{" else []
        if type(top) is dict:
            top[key] = value
        elif top is not None:
            cast(list[Json], top).append(value)
        awaited, may_close = _NEXT, False
        if sign:
            parents.append(cast("dict[str, Json]", top))
            top = cast("dict[str, Json]", value)
            awaited, may_close = (_KEY if sign == "{" else _VALUE), True
            if len(parents) > _MAX_DEPTH:
                raise Refused
    if awaited != _NOTHING:
        raise Refused
    return cast(Json, closed)


def _key(plain: str, quoted: str, top: object) -> str:
    key = key_of_text(plain) if plain else unquoted(quoted)
    if key is None or len(key) > _LONGEST_KEY or key in cast("dict[str, Json]", top):
        raise Refused
    return key
