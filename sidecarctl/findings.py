"""What the tool says, and where: the types that every room speaks in."""

from enum import StrEnum
from typing import TypeAlias

from msgspec import Struct

# A Union of quoted names, so that `Json | X` also works at run time on Python 3.11.
Json: TypeAlias = str | int | float | bool | list["Json"] | dict[str, "Json"] | None
JsonObject: TypeAlias = dict[str, Json]

FieldPath: TypeAlias = tuple[str | int, ...]
"""Keys and indices from the root of a document: ``("spec", "containers", 0, "image")``."""


class Severity(StrEnum):
    """How much a finding or a note weighs."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Confidence(StrEnum):
    """How sure a rule is that a finding is true."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Location(Struct, frozen=True, order=True):
    """A place in a file: lines and columns from 1, columns in code points, the end exclusive.

    These are the numbers SARIF wants once the log says ``columnKind: unicodeCodePoints``.
    """

    file: str
    line: int
    column: int
    end_line: int
    end_column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Related(Struct, frozen=True):
    """Another place that a finding speaks of, with a word on why."""

    location: Location
    message: str


class Finding(Struct, frozen=True):
    """One thing that is wrong with a manifest, at its place."""

    code: str
    slug: str
    severity: Severity
    confidence: Confidence
    message: str
    location: Location
    path: FieldPath
    help: str = ""
    source: str = ""
    related: tuple[Related, ...] = ()
    subject: str = ""
    is_secret: bool = False
    """The place holds a secret: a report that shows lines masks it."""


def show_path(path: FieldPath) -> str:
    """Return *path* as people write it: ``spec.containers[0].image``."""
    text = ""
    for step in path:
        if isinstance(step, int) or "." in step or "/" in step:
            text += f"[{step}]"
        else:
            text += f".{step}" if text else step
    return text
