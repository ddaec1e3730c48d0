"""What may stop a run.

::

    SidecarctlError          anything the user can put right
    ├── ManifestError        a manifest cannot be read, or not be changed without harm
    ├── ProfileError         a profile, an option or an annotation says something wrong
    └── TemplateError        a template renders to something that is no fragment

They are raised where the fault is known and caught in one place, ``cli/main.py``.
"""

from collections.abc import Iterable

from sidecarctl.findings import Location


class SidecarctlError(Exception):
    """A fault in what the user gave: one line that says what is wrong, where, and what to do.

    *message* is lower case and has no full stop; *at* is the place, where there is one; *hint* says
    what to do. *others* are further faults of the same input, shown after this one.
    """

    def __init__(
        self,
        message: str,
        *,
        at: Location | None = None,
        hint: str | None = None,
        others: Iterable["SidecarctlError"] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.at = at
        self.hint = hint
        self.others = tuple(others)

    def __str__(self) -> str:
        return f"{self.at}: {self.message}" if self.at else self.message


class ManifestError(SidecarctlError):
    """A manifest cannot be read, or cannot be changed without harm."""


class HelmTemplateError(ManifestError):
    """A manifest is a Helm template: it has to be rendered before it is one."""


class ProfileError(SidecarctlError):
    """A profile, an option or an annotation says something wrong."""


class TemplateError(SidecarctlError):
    """A template renders to something that is no fragment."""


def first_of(errors: Iterable[SidecarctlError]) -> SidecarctlError | None:
    """Return the first of *errors* carrying all the others, or None where there is none."""
    faults = list(errors)
    if not faults:
        return None
    first, *rest = faults
    return type(first)(first.message, at=first.at, hint=first.hint, others=(*first.others, *rest))
