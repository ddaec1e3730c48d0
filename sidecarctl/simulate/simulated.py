"""What a simulation has to say: pods, the pictures of their scenarios, and their hazards."""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct, field

from sidecarctl.errors import ManifestError
from sidecarctl.findings import Location, Related, Severity
from sidecarctl.lifecycle.assumptions import Case
from sidecarctl.lifecycle.hazards.hazard import Hazard
from sidecarctl.lifecycle.scenario import Scenario
from sidecarctl.lifecycle.timeline import Timeline
from sidecarctl.lifecycle.versions import Version


class Stage(StrEnum):
    """Which form of a manifest a pod is of."""

    AS_GIVEN = "as given"
    INJECTED = "injected"


class Danger(Struct, frozen=True):
    """A *hazard* with its places in the file."""

    hazard: Hazard
    location: Location
    related: tuple[Related, ...]


class Picture(Struct, frozen=True):
    """A scenario, timed as well, as likely and as badly as it may go."""

    scenario: Scenario
    cases: Mapping[Case, Timeline]


class SimulatedPod(Struct, frozen=True):
    """The pods of one workload.

    Where the API server would refuse them, *faults* say why and nothing else is said. *remarks* are
    about the scenarios that it does not have, and about an injection that left it alone.
    """

    kind: str
    name: str
    namespace: str
    location: Location
    stage: Stage
    faults: tuple[ManifestError, ...] = ()
    pictures: tuple[Picture, ...] = ()
    dangers: tuple[Danger, ...] = ()
    remarks: tuple[str, ...] = ()
    told: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """What was assumed on request, by container and field of `Pace`."""
    in_play: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The fields of `Pace` that the pictures rest on, by container."""

    @property
    def subject(self) -> str:
        return f"{self.kind}/{self.name}"


class Simulation(Struct, frozen=True):
    """The pods of a run, an injected one right after the one that it was.

    *version* is the oldest kubelet of the target; *profile* is empty where nothing was injected.
    """

    pods: tuple[SimulatedPod, ...]
    version: Version
    profile: str = ""

    @property
    def is_refused(self) -> bool:
        """Say whether the API server would refuse one of the pods."""
        return any(pod.faults for pod in self.pods)

    def reaches(self, least: str) -> bool:
        """Say whether a hazard of the outcome is as bad as *least*; ``"never"`` is out of reach.

        Where a profile is injected, the outcome is the injected pods.
        """
        order = [severity.value for severity in Severity]
        allowed = order[: order.index(least) + 1] if least in order else []
        stage = Stage.INJECTED if self.profile else Stage.AS_GIVEN
        return any(
            danger.hazard.severity.value in allowed
            for pod in self.pods
            if pod.stage is stage
            for danger in pod.dangers
        )
