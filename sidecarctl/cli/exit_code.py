"""What a run ends with; the format of its output never changes it."""

from enum import IntEnum


class ExitCode(IntEnum):
    """The code that the shell sees."""

    DONE = 0
    FINDINGS = 1
    """``lint`` found something at or above ``--fail-on``."""
    CHANGED = 1
    """``--check`` or ``--diff`` saw a change."""
    BAD_INPUT = 2
    """The command line, the profile or the input is wrong, or a workload was refused."""
    INTERRUPTED = 130
