"""What there is to choose from, for people: a page for each thing, and rows of the catalogue."""

import json
from typing import Literal

from sidecarctl.errors import ProfileError
from sidecarctl.findings import FieldPath, Json, JsonObject
from sidecarctl.profile.concern import Concern, concerns
from sidecarctl.profile.field import Field, field_at, fields_below, keys
from sidecarctl.profile.folder import readme
from sidecarctl.profile.profile import built_in_profiles, load_profile
from sidecarctl.profile.schema import nodes, outer_schema, values_schema
from sidecarctl.profile.sidecar import Sidecar, names_of, sidecars
from sidecarctl.violation import did_you_mean


def explain(name: str) -> str:
    """Return the page, in Markdown, of a concern, a sidecar, or a field of a profile.

    Fields of ``spec`` are named as they are (``kubernetesVersion``), those of a concern or a
    sidecar behind its name (``rateLimit.perClient.by``); entries of lists have no number.

    Raises:
        ProfileError: there is no such thing.
    """
    steps = name.replace("[]", "").split(".")
    for head in ("spec", "concerns", "sidecars"):
        if steps[0] == head and len(steps) > 1:
            del steps[0]
    owner = concerns().get(steps[0]) or sidecars().get(steps[0])
    if owner is None:
        return _field_page(outer_schema(), ("spec",), steps, None)
    if len(steps) == 1:
        return _owner_page(owner)
    return _field_page(values_schema(owner), (), steps[1:], owner)


def topics() -> list[str]:
    """Return every name that has a page of its own."""
    return [*concerns(), *sidecars(), *keys(outer_schema(), ("spec",))]


def rows(what: Literal["concerns", "sidecars", "profiles"]) -> list[dict[str, str]]:
    """Return the rows of a catalogue, heading to cell: every row has the same headings."""
    if what == "concerns":
        return [_concern_row(each) for each in concerns().values()]
    if what == "sidecars":
        return [_sidecar_row(each) for each in sidecars().values()]
    return [_profile_row(name) for name in built_in_profiles()]


def _concern_row(concern: Concern) -> dict[str, str]:
    marks = {proxy: "yes" if proxy in concern.cells else "-" for proxy in names_of("proxy")}
    direction = " and ".join(concern.direction) or "-"
    return {
        "concern": concern.name, "direction": direction, **marks, "summary": _line(concern.summary)
    }  # fmt: skip


def _sidecar_row(sidecar: Sidecar) -> dict[str, str]:
    return {"sidecar": sidecar.name, "role": sidecar.role, "summary": _line(sidecar.summary)}


def _profile_row(name: str) -> dict[str, str]:
    profile = load_profile(name)
    comment = built_in_profiles()[name].read_text(encoding="utf-8").partition("\n")[0]
    return {
        "profile": name,
        "proxy": profile.proxy,
        "agents": ", ".join(profile.agents) or "-",
        "concerns": ", ".join(sorted(profile.concerns)) or "-",
        "summary": _line(comment.removeprefix("#")),
    }


def _line(sentence: str) -> str:
    """Return *sentence* as a cell of a table: without its full stop."""
    return sentence.strip().rstrip(".")


def _owner_page(owner: Concern | Sidecar) -> str:
    """Return the page of *owner*: its own text, who does it, and every field from its schema."""
    text = readme(owner.folder).strip() or f"# {owner.name}\n\n{owner.summary}"
    fields = list(fields_below(values_schema(owner), (), owner.defaults))
    parts = [text, _said(owner)]
    if fields:
        parts.append(_table_of(fields, owner.name))
    parts.append(f"Source: {owner.source}")
    return "\n\n".join(parts) + "\n"


def _said(owner: Concern | Sidecar) -> str:
    """Say in words what the head of *owner*'s folder says."""
    if isinstance(owner, Sidecar):
        does = ", ".join(each.name for each in concerns().values() if owner.name in each.cells)
        waits = "waits" if owner.gates else "does not wait"
        what = f"{owner.role.capitalize()}; the application {waits} for it."
        return f"{what} It does: {does}." if does else what
    who = " and ".join(sorted(owner.cells)) or "no sidecar yet"
    on = "It is always on." if owner.always else "It is on where a profile names it."
    where = f" It acts on {' and '.join(owner.direction)} traffic." if owner.direction else ""
    return f"Done by {who}. {on}{where}"


def _field_page(
    schema: JsonObject, base: FieldPath, steps: list[str], owner: Concern | Sidecar | None
) -> str:
    defaults = owner.defaults if owner else None
    path = base
    for step in steps:
        if nodes(schema, (*path, 0)):
            path = (*path, 0)
        if not nodes(schema, (*path, step)):
            raise _no_page(schema, path, step, owner)
        path = (*path, step)
    field = field_at(schema, path, defaults)
    below = list(fields_below(schema, path, defaults))
    prefix = owner.name if owner else ""
    title = ".".join(each for each in (prefix, ".".join(steps)) if each)
    parts = [f"# {title}", *([_entry(field)] if field else [])]
    if below:
        parts.append(_table_of(below, prefix))
    if owner:
        parts.append(f"See also: `sidecarctl explain {owner.name}`")
    return "\n\n".join(parts) + "\n"


def _entry(field: Field) -> str:
    default = "" if field.default is None else f" Default: `{_shown(field.default)}`."
    return f"{field.description}\n\nIt is {field.kind}.{default}"


def _table_of(fields: list[Field], prefix: str) -> str:
    lines = ["| field | is | default | |", "|---|---|---|---|"]
    for field in fields:
        name = ".".join(each for each in (prefix, field.name.removeprefix("spec.")) if each)
        has_own = field.default is None or (isinstance(field.default, dict) and field.default)
        default = "" if has_own else f"`{_shown(field.default)}`"
        cells = (f"`{name}`", field.kind, default, field.description)
        lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return "\n".join(lines)


def _shown(value: Json) -> str:
    """Return *value* as a profile would say it on one line."""
    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)


def _no_page(
    schema: JsonObject, path: FieldPath, step: str, owner: Concern | Sidecar | None
) -> ProfileError:
    if owner is None and path == ("spec",):
        message = f"there is no concern, sidecar or field {step!r}"
        return ProfileError(message, hint=did_you_mean(step, topics()) or "see sidecarctl list")
    where = f"{owner.name!r} has" if owner else "there is"
    return ProfileError(f"{where} no field {step!r}", hint=did_you_mean(step, keys(schema, path)))
