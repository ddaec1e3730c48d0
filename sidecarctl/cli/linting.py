"""What `lint` does, from the options to the exit code."""

from collections.abc import Sequence
from pathlib import Path

from sidecarctl.cli.exit_code import ExitCode
from sidecarctl.cli.words import FailOn
from sidecarctl.lifecycle.versions import Version
from sidecarctl.lint.check import Order, check
from sidecarctl.lint.config import Config, settle
from sidecarctl.lint.engine import all_rules
from sidecarctl.lint.select import choose, words
from sidecarctl.manifest.files import read
from sidecarctl.profile.project import find_config
from sidecarctl.report.formats import targets, write_findings
from sidecarctl.report.progress import working
from sidecarctl.report.streams import write_out
from sidecarctl.report.table import table


def run(
    paths: Sequence[str] | None = None,
    *,
    select: Sequence[str] | None = None,
    ignore: Sequence[str] | None = None,
    fail_on: FailOn | None = None,
    formats: Sequence[str] | None = None,
    kubernetes_version: str | None = None,
    namespace: str = "default",
    context: Sequence[str] | None = None,
    config: Path | None = None,
    no_config: bool = False,
    show_config: bool = False,
) -> ExitCode:
    """Check *paths* and print what is found; what it raises stops the run."""
    wanted = targets(formats or ["text"])
    options = {
        "kubernetesVersion": kubernetes_version,
        "select": words(select),
        "ignore": words(ignore),
        "failOn": fail_on,
    }
    file = config or (None if no_config else find_config(Path.cwd()))
    if file is not None:
        from sidecarctl.lint.config_file import load_config

        settings = settle(options, load_config(file, all_rules()))
    else:
        settings = settle(options, Config())
    if show_config:
        write_out(table(settings.rows(), "text"))
        return ExitCode.DONE
    order = Order(
        rules=tuple(choose(all_rules(), settings.words("select"), settings.words("ignore"))),
        version=Version.parse(settings.value("kubernetesVersion")),
        namespace=namespace,
        severities=settings.severities,
        exemptions=settings.exemptions,
    )
    with working("linting") as progress:
        checked = check(read(paths or ["."]), order, read(context or ()), progress=progress)
    write_findings(checked, wanted)
    if checked.is_unreadable:
        return ExitCode.BAD_INPUT
    return ExitCode.FINDINGS if checked.reaches(settings.value("failOn")) else ExitCode.DONE
