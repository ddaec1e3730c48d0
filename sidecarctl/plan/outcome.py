"""What became of each workload, with a code that stays and a sentence that explains."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from sidecarctl.findings import Location, Severity


class Status(StrEnum):
    """What became of a workload."""

    INJECTED = "injected"
    EJECTED = "ejected"
    UNCHANGED = "unchanged"
    SKIPPED = "skipped"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Note:
    """Something the user should know although nothing stops: code, sentence, place, what to do."""

    code: str
    message: str
    severity: Severity = Severity.INFO
    location: Location | None = None
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one workload (or of a Service, a Namespace that was changed along with it)."""

    status: Status
    code: str
    message: str
    kind: str
    name: str
    namespace: str
    location: Location
    notes: tuple[Note, ...] = ()
    changes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
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
