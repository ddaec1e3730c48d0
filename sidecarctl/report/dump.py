"""Data as JSON text, for whichever program asked."""

import json

from sidecarctl.findings import Json


def dump(data: Json) -> str:
    """Return *data* as indented JSON text with a line end."""
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"
