"""Kubernetes versions, and which of them a field may be written for."""

import json
import re
from functools import cache
from typing import Self

from msgspec import Struct

from sidecarctl.assets import asset_dir
from sidecarctl.errors import ProfileError

_FORM = re.compile(r"v?(\d+)\.(\d+)\+?(?:\.(\d+))?(?:[-+].*)?")


class Version(Struct, frozen=True, order=True):
    """A version of Kubernetes; ``1.33`` without a patch is its first release, 1.33.0."""

    major: int
    minor: int
    patch: int = 0

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``1.33``, ``v1.33.2``, ``1.30+`` or a vendor's ``v1.29.4-gke.100``.

        Raises:
            ProfileError: *text* is none of them.
        """
        form = _FORM.fullmatch(text.strip())
        if form is None:
            raise ProfileError(
                f"{text!r} is no Kubernetes version", hint='write it like "1.33" or "v1.33.2"'
            )
        return cls(int(form[1]), int(form[2]), int(form[3] or 0))

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}" + (f".{self.patch}" if self.patch else "")


class Feature(Struct, frozen=True):
    """A field of the API with its stages.

    *alpha*, *beta* and *ga* are the releases that brought the stage, None where there is none yet.
    *safe* is the first release in which the field does its work without a feature gate set by hand;
    None means: write it for no release. In between the API server drops the field silently.
    """

    name: str
    field: str
    gate: str
    alpha: Version | None
    beta: Version | None
    ga: Version | None
    safe: Version | None
    broken: tuple[Version, ...]
    note: str
    source: str


@cache
def features() -> dict[str, Feature]:
    """Return every known feature by its name."""
    file = asset_dir("schemas") / "kubelet-features.json"
    rows: list[dict[str, str]] = json.loads(file.read_text(encoding="utf-8"))["features"]
    return {row["name"]: _feature(row) for row in rows}


def supports(feature: str, version: Version, *, strict: bool = False) -> bool:
    """Say whether *feature* works in a cluster whose oldest kubelet is *version*.

    *strict* asks for general availability, where a beta that is on by default is enough else.

    Raises:
        KeyError: there is no such feature in ``schemas/kubelet-features.json``.
    """
    row = features()[feature]
    first = row.ga if strict else row.safe
    return first is not None and version >= first and version not in row.broken


def _feature(row: dict[str, str]) -> Feature:
    return Feature(
        name=row["name"],
        field=row["field"],
        gate=row.get("gate", ""),
        alpha=_version(row.get("alpha")),
        beta=_version(row.get("beta")),
        ga=_version(row.get("ga")),
        safe=_version(row.get("safe")),
        broken=tuple(Version.parse(text) for text in row.get("broken", "").split()),
        note=row.get("note", ""),
        source=row["source"],
    )


def _version(text: str | None) -> Version | None:
    return Version.parse(text) if text else None
