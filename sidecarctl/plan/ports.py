"""Port numbers for a proxy: the next free one from a base, so that nothing in the pod clashes."""

from collections.abc import Iterable

from sidecarctl.manifest.workload import Workload


class Ports:
    """The ports of one pod's network namespace: those taken, and new ones given out."""

    def __init__(self, workload: Workload, also: Iterable[int] = ()) -> None:
        containers = workload.containers()
        self._taken = {port.number for each in containers for port in each.ports()} | set(also)

    def take(self, base: int) -> int:
        """Return the first free port from *base* on; it is taken from now on."""
        number = base
        while number in self._taken:
            number += 1
        self._taken.add(number)
        return number

    def claim(self, number: int) -> bool:
        """Take exactly *number*; return whether it was free."""
        free = number not in self._taken
        self._taken.add(number)
        return free
