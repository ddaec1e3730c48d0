"""Images that are known as sidecars: what they are for, where they listen, how fast they start."""

import json
from enum import StrEnum
from functools import cache

from msgspec import Struct

from sidecarctl.assets import asset_dir
from sidecarctl.findings import Json, JsonObject


class Purpose(StrEnum):
    """What a known image does for the app."""

    PROXY = "proxy"  # the app dials through it, so it must be there first
    FRONT = "front"  # stands before the app
    TELEMETRY = "telemetry"  # the app does without it, and so must never wait for it
    HELPER = "helper"  # calls the app when something has changed
    SECRETS = "secrets"  # writes files that the app reads
    REDIRECT = "redirect"  # sets up the capture of traffic, then ends


class Known(Struct, frozen=True):
    """A known image; times are seconds, None where nobody measured."""

    name: str
    purpose: Purpose
    images: tuple[str, ...]
    containers: frozenset[str]
    ports: frozenset[int]
    start_s: float | None
    exit_s: float | None
    has_shell: bool
    captures: bool
    source: str


@cache
def known(image: str, name: str) -> Known | None:
    """Return what is known of *image*, or else of a container that is named *name*."""
    repository, tag = _parts(image)
    for wanted, wanted_tag, row in _by_last_name().get(repository.rpartition("/")[2], ()):
        if f"/{repository}".endswith(f"/{wanted}") and tag.startswith(wanted_tag):
            return row
    return next((row for row in _catalogue() if name in row.containers), None)


def timed() -> tuple[Known, ...]:
    """Return the images of which somebody measured how fast they start or stop."""
    return tuple(row for row in _catalogue() if row.start_s is not None or row.exit_s is not None)


@cache
def _by_last_name() -> dict[str, list[tuple[str, str, Known]]]:
    """Return repository, tag and entry of the catalogue by the last name of the repository.

    A fleet has thousands of images, and most of them share no name with any entry.
    """
    found: dict[str, list[tuple[str, str, Known]]] = {}
    for row in _catalogue():
        for end in row.images:
            repository, tag = _parts(end)
            found.setdefault(repository.rpartition("/")[2], []).append((repository, tag, row))
    return found


def _parts(image: str) -> tuple[str, str]:
    image = image.partition("@")[0]
    head, slash, last = image.rpartition("/")  # a colon before the last slash is a registry's port
    last, _, tag = last.partition(":")
    return f"{head}{slash}{last}", tag


@cache
def _catalogue() -> tuple[Known, ...]:
    file = asset_dir("schemas") / "known-images.json"
    rows: list[JsonObject] = json.loads(file.read_text(encoding="utf-8"))["images"]
    # An entry with a tag is the narrower one, so it is asked first.
    return tuple(sorted(map(_known, rows), key=lambda row: not any(":" in i for i in row.images)))


def _known(row: JsonObject) -> Known:
    return Known(
        name=str(row["name"]),
        purpose=Purpose(str(row["role"])),
        images=tuple(map(str, _list(row.get("images")))),
        containers=frozenset(map(str, _list(row.get("containers")))),
        ports=frozenset(port for port in _list(row.get("ports")) if isinstance(port, int)),
        start_s=_seconds(row.get("startS")),
        exit_s=_seconds(row.get("exitS")),
        has_shell=row.get("shell") is not False,
        captures=row.get("captures") is True,
        source=str(row["source"]),
    )


def _list(data: Json) -> list[Json]:
    return data if isinstance(data, list) else []


def _seconds(data: Json) -> float | None:
    return float(data) if isinstance(data, int | float) else None
