"""What `advise` says: an answer for each sidecar, remarks on workloads, the cost of the fleet."""

from enum import StrEnum

from msgspec import Struct

from sidecarctl.advise.figures import Request, Thresholds
from sidecarctl.errors import ManifestError
from sidecarctl.findings import Location
from sidecarctl.lifecycle.assumptions import Assumption
from sidecarctl.lifecycle.versions import Version


class Instead(StrEnum):
    """What should do the work of a sidecar."""

    KEEP = "sidecar"
    NODE_AGENT = "node agent"
    NODE_PROXY = "node proxy"
    LIBRARY = "library"
    VOLUME = "CSI volume"
    NOTHING = "leave it out"


class Question(Struct, frozen=True):
    """What is asked; *assumptions* may say how long the app of a Job runs."""

    version: Version
    limits: Thresholds
    assumptions: tuple[Assumption, ...] = ()
    namespace: str = "default"


class Reason(Struct, frozen=True):
    """Why, in a sentence, and where that is from."""

    text: str
    source: str = ""


class Advice(Struct, frozen=True):
    """The answer for one sidecar; *unless* are the facts that would turn it.

    *each* is what it asks in one pod, *pods* how many there are.
    """

    subject: str
    namespace: str
    container: str
    what: str
    location: Location
    instead: Instead
    reasons: tuple[Reason, ...]
    unless: tuple[str, ...]
    each: Request
    pods: int

    @property
    def total(self) -> Request:
        return self.each.times(self.pods)


class Remark(Struct, frozen=True):
    """Something about the sidecars of one workload together."""

    subject: str
    location: Location
    text: str
    source: str


class Kind(Struct, frozen=True):
    """All sidecars of one kind in the input; *nodes* is how many nodes their pods take.

    *instead* is what most of them should be, *replacement* what that would ask, None where nobody
    knows.
    """

    what: str
    pods: int
    total: Request
    instead: Instead
    nodes: int
    replacement: Request | None


class Report(Struct, frozen=True):
    """The whole answer; *apps* is what the containers beside the sidecars ask.

    *faults* say of which workload the API server refuses what: those are not judged.
    """

    advice: tuple[Advice, ...]
    remarks: tuple[Remark, ...]
    kinds: tuple[Kind, ...]
    pods: int
    total: Request
    apps: Request
    thresholds: Thresholds
    version: Version
    profile: str = ""
    faults: tuple[tuple[str, ManifestError], ...] = ()
