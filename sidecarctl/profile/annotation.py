"""What annotations of a workload set: ``sidecarctl.dev/<concern>.<field>``, unless it is locked."""

from sidecarctl.errors import ProfileError, first_of
from sidecarctl.findings import FieldPath
from sidecarctl.manifest.workload import Workload
from sidecarctl.profile.concern import concerns
from sidecarctl.profile.profile import Profile
from sidecarctl.profile.setting import Setting, read_value
from sidecarctl.profile.sidecar import sidecars
from sidecarctl.violation import did_you_mean

PREFIX = "sidecarctl.dev/"
RESERVED = frozenset({"inject", "record", "profile", "version", "owner", "config-checksum"})
"""What the tool itself writes or reads under its prefix."""


def annotation_settings(profile: Profile, workload: Workload) -> list[Setting]:
    """Return what annotations of *workload* set; those of the pod template come last and win.

    Raises:
        ProfileError: one names no concern, or one that the profile locks.
    """
    document, template = workload.document, workload.template_path
    sources: list[tuple[FieldPath, dict[str, str]]] = [((), document.annotations)]
    if template:
        sources.append((template, workload.pod_annotations))
    settings: dict[tuple[str, ...], Setting] = {}
    faults: list[ProfileError] = []
    for base, annotations in sources:
        for key, text in annotations.items():
            name = key.removeprefix(PREFIX)
            if name == key or name in RESERVED:
                continue
            path: FieldPath = (*base, "metadata", "annotations", key)
            concern, *field = name.split(".")
            fault = _bad_annotation((concern, *field), profile)
            if fault:
                place = document.locate(path, on="key")
                faults.append(ProfileError(f"{key}: {fault[0]}", at=place, hint=fault[1]))
                continue
            where = ("concerns", concern, *field)
            settings.pop(where, None)
            settings[where] = read_value(where, text, key, document.locate(path))
    error = first_of(faults)
    if error:
        raise error
    return list(settings.values())


def _bad_annotation(path: tuple[str, ...], profile: Profile) -> tuple[str, str | None] | None:
    """Return what is wrong with an annotation for the field at *path*, and what to do."""
    concern = path[0]
    for locked in profile.locked:
        steps = tuple(locked.split("."))
        shorter = min(len(steps), len(path))
        if steps[:shorter] == path[:shorter]:
            return (
                f"the profile {profile.name!r} locks {locked!r}",
                "take the annotation away, or ask the keeper of the profile for an override",
            )
    if concern in concerns():
        return None
    if concern in sidecars():
        return f"annotations set concerns, and {concern!r} is a sidecar", "use an override"
    return f"there is no concern {concern!r}", did_you_mean(concern, (*concerns(), *RESERVED))
