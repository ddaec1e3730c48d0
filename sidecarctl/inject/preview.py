"""What a profile would make of manifests, to be looked at and not written."""

from collections.abc import Sequence

from sidecarctl.errors import ManifestError, first_of
from sidecarctl.inject.inject import inject
from sidecarctl.manifest.document import Manifest, parse
from sidecarctl.plan.outcome import Outcome
from sidecarctl.profile.profile import Profile


def preview(
    manifests: Sequence[Manifest], context: Sequence[Manifest], profile: Profile, namespace: str
) -> tuple[tuple[Outcome, ...], list[Manifest]]:
    """Return what becomes of each workload, and the manifests as *profile* injects them.

    Places in these bear the name of the file and say that they are of the injected one.

    Raises:
        ManifestError: a workload is refused.
    """
    result = inject(manifests, context, profile, namespace=namespace)
    refusal = first_of(
        ManifestError(
            f"{each.kind}/{each.name}: {each.message}", at=each.location, hint=each.hint or None
        )
        for each in result.refused
    )
    if refusal is not None:
        raise refusal
    changed = [parse(after, f"{file} (injected)") for file, (_, after) in result.texts.items()]
    return result.outcomes, changed
