"""One workload among all the others: what decides about it is found here."""

from collections.abc import Mapping

from msgspec import Struct

from sidecarctl.manifest.document import Document
from sidecarctl.manifest.narrow import mapping, number
from sidecarctl.plan.candidate import Candidate
from sidecarctl.plan.ports import Ports
from sidecarctl.profile.profile import Profile
from sidecarctl.topology.fleet import Fleet


class Scene(Struct, frozen=True):
    """A *candidate*, the *joined* documents, *everyone* who gets a proxy (by ``id(document)``), and
    the *ports* of the candidate's pod.
    """

    candidate: Candidate
    joined: Fleet
    everyone: Mapping[int, Candidate]
    profile: Profile
    ports: Ports

    @property
    def document(self) -> Document:
        return self.candidate.workload.document

    def take(self, group: str) -> int:
        """Return the next free port of *group* (``inbound``, ``egress``, ...)."""
        base = number(mapping(self.candidate.proxy_values, "ports").get(group))
        return self.ports.take(base or 0)
