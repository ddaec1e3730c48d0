"""Values that need a newer Kubernetes than the target: refused by name, before anything is made."""

from collections.abc import Iterable

from sidecarctl.errors import ProfileError
from sidecarctl.findings import FieldPath, Json
from sidecarctl.lifecycle.versions import features, supports
from sidecarctl.plan.candidate import Candidate
from sidecarctl.profile.profile import Profile
from sidecarctl.profile.sidecar import Sidecar, sidecars


def refuse_gated(chosen: Iterable[Candidate], profile: Profile) -> None:
    """Refuse what a sidecar's ``gated`` says that the target does not know yet.

    Older API servers drop such a field without a word, and the pod waits for what never comes.

    Raises:
        ProfileError: a value needs a feature that the target's version does not have.
    """
    for candidate in chosen:
        for name in (candidate.choice.proxy, *candidate.choice.agents):
            if name in sidecars():
                _refuse(candidate, sidecars()[name], profile)


def _refuse(candidate: Candidate, sidecar: Sidecar, profile: Profile) -> None:
    for field, gates in sidecar.gated.items():
        steps = tuple(field.split("."))
        value: Json = candidate.choice.sidecars[sidecar.name]
        for step in steps:
            value = value.get(step) if isinstance(value, dict) else None
        feature = gates.get(value) if isinstance(value, str) else None
        if feature and not supports(feature, candidate.version):
            safe = features()[feature].safe
            path: FieldPath = ("spec", "sidecars", sidecar.name, *steps)
            document = profile.document
            raise ProfileError(
                f"{sidecar.name}.{field}: {value!r} needs Kubernetes {safe} or later, and the "
                f"target is {candidate.version}",
                at=document.locate(path) if document.has(path) else None,
                hint=f'set kubernetesVersion to "{safe}" if all nodes have it, or choose another',
            )
