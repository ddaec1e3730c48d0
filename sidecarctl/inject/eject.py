"""Take back what was injected: the exact inverse, also after the file was edited elsewhere."""

from collections.abc import Sequence

from sidecarctl.findings import Severity
from sidecarctl.inject.homes import is_ours
from sidecarctl.manifest.document import Manifest
from sidecarctl.manifest.records.record import eject_text
from sidecarctl.manifest.workload import workload
from sidecarctl.plan.candidate import outcome
from sidecarctl.plan.outcome import Note, Outcome, Result, Status


def eject(manifests: Sequence[Manifest]) -> Result:
    """Return *manifests* without anything that `inject` added.

    A file that holds nothing but documents of ours comes back empty: it is to be removed.

    Raises:
        ManifestError: a record is damaged.
    """
    texts: dict[str, tuple[str, str]] = {}
    outcomes: list[Outcome] = []
    notes: list[Note] = []
    for manifest in manifests:
        if is_ours(manifest):
            texts[manifest.file] = (manifest.text, "")
            continue
        ejected = eject_text(manifest)
        texts[manifest.file] = (manifest.text, ejected.text)
        restored, inexact = set(ejected.documents), set(ejected.inexact)
        notes += [_lost(each, manifest) for each in ejected.lost]
        for document in manifest.documents:
            found = workload(document)
            if found is None:
                continue
            touched = str(document) in restored
            status = Status.EJECTED if touched else Status.UNCHANGED
            code, message = (
                ("ejected", "what was injected is taken back")
                if touched
                else ("not-injected", "nothing was injected here")
            )
            done = outcome(found, document.namespace or "default", status, code, message)
            outcomes.append(done.with_notes(_inexact(done)) if str(document) in inexact else done)
    return Result(tuple(outcomes), texts, notes=tuple(notes))


def _lost(place: str, manifest: Manifest) -> Note:
    """Say that what was injected at *place* (document and path) was left as it is."""
    return Note(
        "left-as-it-is",
        f"{manifest.file}: {place} has been changed or moved since, and was left as it is",
        Severity.WARNING,
        hint="put it right by hand, or take it from your version control",
    )


def _inexact(done: Outcome) -> tuple[Note, ...]:
    return (
        Note(
            "bytes-may-differ",
            "the injected lines were edited or moved since: they were taken out by structure",
            Severity.WARNING,
            done.location,
            "compare with your version control",
        ),
    )
