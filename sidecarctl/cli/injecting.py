"""What `inject` does, from the options to the exit code."""

import re
from collections.abc import Sequence
from pathlib import Path

from sidecarctl.cli.delivery import Delivery, agree, deliver, manifests_of
from sidecarctl.cli.exit_code import ExitCode
from sidecarctl.cli.words import Half, ReportFormat
from sidecarctl.errors import SidecarctlError
from sidecarctl.inject.inject import inject, step
from sidecarctl.manifest.document import parse
from sidecarctl.manifest.files import read
from sidecarctl.profile.profile import load_profile
from sidecarctl.profile.project import find_config, profile_of
from sidecarctl.report.progress import working
from sidecarctl.report.text import Run

# https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-label-names
_NAMESPACE = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def run(
    files: Sequence[str],
    *,
    profile: str | None = None,
    sets: Sequence[str] | None = None,
    proxy: str | None = None,
    kubernetes_version: str | None = None,
    namespace: str = "default",
    context: Sequence[str] | None = None,
    only: Half | None = None,
    diff: bool = False,
    check: bool = False,
    in_place: bool = False,
    output: Path | None = None,
    report: ReportFormat = "text",
) -> ExitCode:
    """Add the sidecars of a profile to the workloads of *files*; what it raises stops the run."""
    _check_namespace(namespace)
    delivery = Delivery(diff, check, in_place, output, report)
    agree(delivery, files)
    if only and (diff or check or in_place):
        raise SidecarctlError("--only is for what is printed, or written with --output")
    if profile is None and (config := find_config(Path.cwd())):
        profile = profile_of(config)
    chosen = load_profile(
        "default" if profile is None else profile,
        sets=sets or (),
        proxy=proxy,
        kubernetes_version=kubernetes_version,
    )
    sources = read(files)
    with working("injecting") as progress:
        result = inject(
            manifests_of(sources),
            [parse(source.text, source.name) for source in read(context or ())],
            chosen,
            namespace=namespace,
            split=output is not None,
            progress=progress,
        )
    if only and not result.refused:
        result = step(result, only)
    told = Run("inject", profile=chosen.name, kubernetes_version=chosen.kubernetes_version)
    return deliver(result, sources, delivery, told)


def _check_namespace(name: str) -> None:
    if not _NAMESPACE.fullmatch(name):
        raise SidecarctlError(
            f"{name!r} is no name of a namespace",
            hint="lower-case letters, digits and '-', 63 at most",
        )
