"""From manifests and a profile to new texts: nothing is written here, and nothing is half done."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal

from msgspec import Struct, field
from msgspec.structs import replace

from sidecarctl import __version__
from sidecarctl.errors import ManifestError
from sidecarctl.findings import JsonObject, Location
from sidecarctl.inject.build import MANAGED_BY, TOOL, fragments
from sidecarctl.inject.homes import Homes, homes
from sidecarctl.inject.patch import (
    Fragment,
    changed,
    clashes,
    kept_annotations,
    kept_environment,
    patch,
)
from sidecarctl.manifest.document import Document, Manifest, parse
from sidecarctl.manifest.edits.splice import Rewrite, rewrite
from sidecarctl.manifest.narrow import mapping, value_at
from sidecarctl.manifest.records.record import eject_text, inject_text
from sidecarctl.manifest.whole import whole_text
from sidecarctl.manifest.workload import workload
from sidecarctl.plan.candidate import outcome, refused
from sidecarctl.plan.injection import Injection
from sidecarctl.plan.outcome import Change, Outcome, Result, Status
from sidecarctl.plan.plan import plan
from sidecarctl.plan.pod import reasons
from sidecarctl.profile.profile import Profile
from sidecarctl.topology.fleet import Fleet, fleet

Only = Literal["workloads", "services"]

PROFILE = "sidecarctl.dev/profile"
VERSION = "sidecarctl.dev/version"


class _Edits(Struct):
    """What becomes of the documents of a run, by ``id(document)``."""

    homes: Homes
    after: dict[int, JsonObject] = field(default_factory=dict)
    new: dict[int, list[JsonObject]] = field(default_factory=dict)


def inject(  # noqa: PLR0913  keyword-only: each is an option of the verb
    manifests: Sequence[Manifest],
    context: Sequence[Manifest],
    profile: Profile,
    *,
    namespace: str = "default",
    split: bool = False,
    progress: Callable[[str], None] = lambda _file: None,
) -> Result:
    """Inject what *profile* says into *manifests*; *context* is only looked at.

    What an earlier run injected is taken out first, so that nothing of it is left behind. With
    *split*, new documents become files of their own. *progress* is told each file that is done.

    Raises:
        SidecarctlError: the input or the profile is wrong; nothing is to be written then.
    """
    apart = homes(manifests)
    cleaned = {each.file: _cleaned(each) for each in manifests if each.file not in apart.texts}
    joined = fleet(
        [document for each in cleaned.values() for document in each.documents],
        [document for each in context for document in each.documents],
        namespace=namespace,
    )
    decided = plan(joined, profile)
    edits = _Edits(apart)
    outcomes = [
        *decided.outcomes,
        *(_apply(each, joined, profile, edits, split=split) for each in decided.injections),
    ]
    before = {each.file: (each.text, each.text) for each in manifests}
    if any(each.status is Status.REFUSED for each in outcomes):
        return Result(_in_order(outcomes, joined), before)
    for injection in decided.injections:
        _change_others(injection, edits)
    try:
        texts = {}
        for each in manifests:
            clean = cleaned.get(each.file)
            after = _rewritten(clean, edits, profile) if clean else apart.text(each.file)
            texts[each.file] = (each.text, after)
            progress(each.file)
    except ManifestError:
        outcomes = _with_uneditable(outcomes, [*cleaned.values()], edits, joined)
        return Result(_in_order(outcomes, joined), before)
    unchanged = {file for file, (before, after) in texts.items() if before == after}
    outcomes = [_settled(each, unchanged) for each in outcomes]
    return Result(_in_order(outcomes, joined), texts, apart.files, decided.notes)


def step(result: Result, only: Only) -> Result:
    """Return *result* with only the documents that one step of a roll-out in two is about.

    What is given out is applied as it is, so the other half must not be in it.
    """
    texts = {}
    for file, (before, after) in result.texts.items():
        documents = parse(after, file).documents if after else ()
        chosen = [whole_text(each.data) for each in documents if _is_of_step(each, only)]
        texts[file] = (before, "---\n".join(chosen))
    files = result.files if only == "workloads" else {}
    return replace(result, texts=texts, files=files)


def _cleaned(manifest: Manifest) -> Manifest:
    """Return *manifest* without what an earlier run injected."""
    ejected = eject_text(manifest)
    return manifest if ejected.text == manifest.text else parse(ejected.text, manifest.file)


def _apply(
    injection: Injection, joined: Fleet, profile: Profile, edits: _Edits, *, split: bool
) -> Outcome:
    """Put one injection into *edits* and say what became of its workload."""
    candidate, target = injection.candidate, injection.candidate.workload
    parts = fragments(injection, joined, profile)
    obstacles = tuple(clashes(target, parts))
    if obstacles:
        return refused(candidate, obstacles)
    own = [each for each in injection.changes if each.document is target.document]
    key = id(target.document)
    edits.after[key] = patch(target, own, parts, injection.annotations)
    documents = [document for part in parts for document in part.rows("documents")]
    edits.new[key] = [
        each for each in documents if not edits.homes.take(each, candidate.namespace, split=split)
    ]
    _label_namespaces(joined.namespaces(candidate.namespace), parts, edits)
    done = outcome(target, candidate.namespace, Status.INJECTED, "injected",
                   ", ".join(injection.sidecars))  # fmt: skip
    kept = (*kept_environment(target, parts), *kept_annotations(target, parts))
    notes = (*injection.notes, *kept)
    spec = value_at(edits.after[key], target.pod_path)
    return replace(
        done,
        notes=notes,
        changes=tuple(map(str, injection.changes)),
        reasons=reasons(candidate, mapping(spec)),
    )


def _label_namespaces(namespaces: Iterable[Document], parts: list[Fragment], edits: _Edits) -> None:
    labels = {key: value for part in parts
              for key, value in part.table("namespace", "labels").items()}  # fmt: skip
    for document in namespaces if labels else ():
        current = edits.after.get(id(document), document.data)
        wanted = [Change(document, ("metadata", "labels", key), value, "the mesh injects here")
                  for key, value in labels.items() if key not in document.labels]  # fmt: skip
        edits.after[id(document)] = changed(current, wanted)


def _change_others(injection: Injection, edits: _Edits) -> None:
    """Make the changes that *injection* needs in other documents: Services that are re-pointed."""
    for change in injection.changes:
        if change.document is not injection.candidate.workload.document:
            current = edits.after.get(id(change.document), change.document.data)
            edits.after[id(change.document)] = changed(current, [change])


def _rewrites(manifest: Manifest, edits: _Edits) -> list[Rewrite]:
    return [
        Rewrite(document, edits.after[id(document)], tuple(edits.new.get(id(document), ())))
        for document in manifest.documents
        if id(document) in edits.after
    ]


def _rewritten(manifest: Manifest, edits: _Edits, profile: Profile) -> str:
    rewrites = _rewrites(manifest, edits)
    if not rewrites:
        return manifest.text
    marks: Mapping[str, str] = {PROFILE: profile.name, VERSION: __version__}
    return inject_text(manifest, rewrites, [marks] * len(rewrites))


def _with_uneditable(
    outcomes: list[Outcome], cleaned: Sequence[Manifest], edits: _Edits, joined: Fleet
) -> list[Outcome]:
    """Refuse each document that cannot be edited without harm, found by trying one at a time.

    Raises:
        ManifestError: each can be edited alone, and all together they cannot.
    """
    found: dict[Location, Outcome] = {}
    for manifest in cleaned:
        for each in _rewrites(manifest, edits):
            try:
                rewrite(manifest, [each])
            except ManifestError as error:
                document = each.document
                at = document.locate(("kind",), on="key")
                found[at] = Outcome(Status.REFUSED, "cannot-edit", error.message, document.kind,
                                    document.name, joined.namespace_of(document), error.at or at,
                                    hint=error.hint or "")  # fmt: skip
    if not found:
        for manifest in cleaned:
            rewrite(manifest, _rewrites(manifest, edits))
    return [each for each in outcomes if each.location not in found] + list(found.values())


def _is_of_step(document: Document, only: Only) -> bool:
    ours = document.labels.get(MANAGED_BY) == TOOL
    is_workload = workload(document) is not None or ours
    return document.is_a("", "Service") if only == "services" else is_workload


def _settled(done: Outcome, unchanged: set[str]) -> Outcome:
    """Say *unchanged* where the file came out as it went in."""
    if done.status is Status.INJECTED and done.location.file in unchanged:
        return replace(done, status=Status.UNCHANGED, code="already-so",
                       message=f"{done.message}: it is there already")  # fmt: skip
    return done


def _in_order(outcomes: list[Outcome], joined: Fleet) -> tuple[Outcome, ...]:
    files = {document.file: index for index, document in enumerate(joined.documents)}
    return tuple(
        sorted(outcomes, key=lambda each: (files.get(each.location.file, 0), each.location))
    )
