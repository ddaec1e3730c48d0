"""What became of each workload, with a code that stays and a sentence that explains."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Self

from msgspec import Struct, field
from msgspec.structs import replace

from sidecarctl.findings import FieldPath, Json, Location, Severity, show_path
from sidecarctl.manifest.document import Document


class Status(StrEnum):
    """What became of a workload."""

    INJECTED = "injected"
    EJECTED = "ejected"
    UNCHANGED = "unchanged"
    SKIPPED = "skipped"
    REFUSED = "refused"


class Note(Struct, frozen=True):
    """Something the user should know although nothing stops: code, sentence, place, what to do."""

    code: str
    message: str
    severity: Severity = Severity.INFO
    location: Location | None = None
    hint: str = ""


class Change(Struct, frozen=True):
    """A field of the input's own documents that gets another value, and why."""

    document: Document
    path: FieldPath
    value: Json
    reason: str

    def __str__(self) -> str:
        return f"{self.document}: {show_path(self.path)}: {self.reason}"


class Outcome(Struct, frozen=True):
    """What became of one workload (or of a Service, a Namespace that was changed along with it).

    *reasons* say why its sidecars have their form, place and numbers.
    """

    status: Status
    code: str
    message: str
    kind: str
    name: str
    namespace: str
    location: Location
    notes: tuple[Note, ...] = ()
    changes: tuple[str, ...] = ()
    hint: str = ""
    reasons: tuple[str, ...] = ()

    def with_notes(self, notes: tuple[Note, ...]) -> Self:
        """Return this outcome with *notes* after its own."""
        return replace(self, notes=(*self.notes, *notes))


class Result(Struct, frozen=True):
    """What a run computed for all files; nothing has been written yet.

    *texts* maps each file, as the user named it, to its text before and after. *files* are new
    files (name below the ``-o`` folder, text). *outcomes* has one entry a workload.
    """

    outcomes: tuple[Outcome, ...]
    texts: Mapping[str, tuple[str, str]]
    files: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()

    @property
    def refused(self) -> tuple[Outcome, ...]:
        return tuple(outcome for outcome in self.outcomes if outcome.status is Status.REFUSED)

    def changed(self) -> tuple[str, ...]:
        """Return the names of the files whose text changed."""
        return tuple(file for file, (before, after) in self.texts.items() if before != after)
