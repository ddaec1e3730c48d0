"""What Envoy says on stderr, made fit to be shown.

Envoy prints the whole configuration when it cannot take a part of it, and a configuration may hold
secrets: the dumps are cut out here, and nothing of Envoy's own words is shown uncut elsewhere.
"""

import re
from collections.abc import Iterable
from pathlib import Path

LOG_FLAGS = ("--log-format", "%l|%v", "--log-format-escaped")
"""One line a message, ``level|text``, with line breaks inside a message written as ``\\n``."""

_SHOWN_LEVELS = frozenset({"warning", "error", "critical"})
_LIMIT_CHARACTERS = 600
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}

# protobuf marks its text dumps with a link, then comes the dump, then a line ": <what is wrong>".
_TEXT_DUMP = re.compile(r"goo\.gle/debug\w+.*?(?:^: |\Z)", re.DOTALL | re.MULTILINE)
_JSON_DUMP = re.compile(r"\): *[{\[].*", re.DOTALL)
_PREAMBLE = re.compile(r"^error initializing configuration '[^']*': ")
_DEPRECATION_ADVICE = re.compile(r" from file \S+ This configuration will be removed.*", re.DOTALL)


def messages(stderr: str, root: Path) -> tuple[str, ...]:
    """Return what *stderr* says at warning or above, without dumps: ``"warning: ..."``.

    The temporary folder *root* is taken out of the paths again. A line that does not look like
    Envoy's own (the dynamic linker's, a crash report's) counts as an error.
    """
    lines = (line for line in stderr.splitlines() if line.strip())
    return tuple(
        _shown(level, text, root) for level, text in _split(lines) if level in _SHOWN_LEVELS
    )


def _split(lines: Iterable[str]) -> Iterable[tuple[str, str]]:
    for line in lines:
        match = re.match(r"(trace|debug|info|warning|error|critical)\|(.*)", line)
        yield (match[1], match[2]) if match else ("error", line)


def _shown(level: str, escaped: str, root: Path) -> str:
    text = re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[1]), escaped)
    text = _PREAMBLE.sub("", text)
    text = _TEXT_DUMP.sub("", text)
    text = _JSON_DUMP.sub(")", text)
    text = _DEPRECATION_ADVICE.sub("", text)
    # Envoy doubles spaces at random so that nobody relies on its wording.
    text = " ".join(text.replace(str(root), "").split())
    return f"{level}: {text[:_LIMIT_CHARACTERS]}"
