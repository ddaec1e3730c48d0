"""A whole new document as text: what stands in a file of its own is written by ruamel.

Inside a user's file fragments are written by ``emit``, which knows the layout around them: there
ruamel took forty times as long, and its import alone 20 ms of every run.
"""

import io

from sidecarctl.findings import Json, JsonObject
from sidecarctl.manifest.emit import is_literal, scalar


def whole_text(document: JsonObject) -> str:
    """Return *document* in block style, as ``kubectl`` lays it out, with a final line end.

    A string that kubectl or a reader of YAML 1.1 or 1.2 would take for something else is quoted.
    """
    # Few runs write whole documents, and no other needs ruamel: see the head of this module.
    from ruamel.yaml import YAML  # noqa: PLC0415

    yaml = YAML()
    yaml.width = 2**20
    yaml.indent(mapping=2, sequence=2, offset=0)
    text = io.StringIO()
    yaml.dump(_styled(document), text)
    return text.getvalue()


def _styled(value: Json) -> object:
    """Return *value* with ruamel's types for strings that are not to stand plain."""
    from ruamel.yaml.scalarstring import (  # noqa: PLC0415
        DoubleQuotedScalarString,
        LiteralScalarString,
    )

    if isinstance(value, dict):
        return {_styled(key): _styled(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_styled(each) for each in value]
    if not isinstance(value, str) or scalar(value) == value:
        return value
    return LiteralScalarString(value) if is_literal(value) else DoubleQuotedScalarString(value)
