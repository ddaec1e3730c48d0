"""The golden scenarios, as pods of actors and as the model predicts them."""

from collections.abc import Callable
from itertools import permutations

from conformance.parts import IMAGE
from msgspec import Struct, field
from msgspec.structs import replace

from sidecarctl.lifecycle.assumptions import Case, assume
from sidecarctl.lifecycle.completion import complete
from sidecarctl.lifecycle.crash import crash_to_the_end
from sidecarctl.lifecycle.during_init import stop_during_init
from sidecarctl.lifecycle.events import Event, What
from sidecarctl.lifecycle.needs import needs
from sidecarctl.lifecycle.reading import read
from sidecarctl.lifecycle.setting import Setting
from sidecarctl.lifecycle.start import start
from sidecarctl.lifecycle.stop import stop
from sidecarctl.lifecycle.unhealthy import unhealthy, watched
from sidecarctl.lifecycle.versions import Version

VERSION = Version(1, 33)
_FIRST_PORT = 18100


class Scenario(Struct):
    """A pod of actors. Events count from its first start, with *deletes* from its deletion.

    The pod is deleted *after_s* its first start, or watched as long. With *is_from_signal* events
    count from the first stop signal. *alternatives* are what the model allows: more than one where
    it promises no order.
    """

    name: str
    claim: str
    after_s: float
    deletes: bool = True
    is_from_signal: bool = False
    grace_s: int = 30
    policy: str = "Always"
    number: int = 0
    containers: list[dict[str, object]] = field(default_factory=list)
    inits: list[dict[str, object]] = field(default_factory=list)
    paces: dict[str, dict[str, float]] = field(default_factory=dict)
    predict: Callable[["Scenario"], list[tuple[Event, ...]]] | None = None

    @property
    def spec(self) -> dict[str, object]:
        return {
            "hostNetwork": True,
            "restartPolicy": self.policy,
            "terminationGracePeriodSeconds": self.grace_s,
            **({"initContainers": self.inits} if self.inits else {}),
            "containers": self.containers,
        }

    @property
    def alternatives(self) -> list[tuple[Event, ...]]:
        if self.predict is not None:
            return self.predict(self)
        return [stopped(self)] if self.deletes else [started(self)]

    @property
    def is_timed(self) -> bool:
        """Whether the model's seconds hold too: what a start takes is the machine's."""
        return self.deletes or self.is_from_signal

    def add(self, kind: str, name: str, **does: object) -> "Scenario":
        """Add a container of *kind* (init, sidecar, app) that *does* what `_container` knows."""
        container, pace = _container(name, **does)
        self.paces[name] = pace
        if kind == "sidecar":
            container["restartPolicy"] = "Always"
        (self.containers if kind == "app" else self.inits).append(container)
        return self

    def port(self, index: int) -> int:
        """Return the port *index* of this pod: all pods share the addresses of the host."""
        return _FIRST_PORT + 10 * self.number + index


def _container(
    name: str, *, listens: int = 0, starts: float = 0, works: float | None = None,
    exits: float = 0, code: int = 0, dials: int = 0, deaf: float | None = None,
    gate: tuple[int, int] = (0, 0), live: tuple[int, int] = (0, 0),
    hook: tuple[float, str] | None = None, stop_hook: tuple[float, str] | None = None,
) -> tuple[dict[str, object], dict[str, float]]:  # fmt: skip
    words = ["run", "-start", str(starts), "-exit", str(exits)]
    words += ["-port", str(listens)] if listens else []
    words += ["-dial", str(dials)] if dials else []
    words += ["-work", str(works), "-code", str(code)] if works is not None else []
    words += ["-deaf", str(deaf)] if deaf is not None else []
    pace = {"start": float(starts), "exit": float(exits), "run": float(works or 0), "pull": 0.0}
    container = {
        "name": name,
        "image": IMAGE,
        "imagePullPolicy": "Never",
        "args": words,
        "env": [{"name": "ACTOR", "value": name}],
    }
    if dials:  # as the model reads needs
        container["env"].append({"name": "UPSTREAM", "value": f"tcp://localhost:{dials}"})
    if listens:
        container["ports"] = [{"containerPort": listens}]
    if gate[0]:
        probe = {"tcpSocket": {"port": gate[0]}, "periodSeconds": gate[1], "failureThreshold": 60}
        container["startupProbe"] = probe
    if live[0]:
        probe = {"tcpSocket": {"port": live[0]}, "periodSeconds": 1, "failureThreshold": 1}
        own = {"terminationGracePeriodSeconds": live[1]} if live[1] else {}
        container["livenessProbe"] = probe | own
    for key, word, value in (("postStart", "hook", hook), ("preStop", "pre_stop", stop_hook)):
        if value is not None:
            pace[word] = float(value[0])
            if value[1] == "crash":  # it does not come to its end
                pace[word] = 1000.0
            command = ["/actor", "hook", key, str(value[0]), *filter(None, [value[1]])]
            container.setdefault("lifecycle", {})[key] = {"exec": {"command": command}}
    return container, pace


def started(scenario: Scenario) -> tuple[Event, ...]:
    """Return the start of *scenario* as the model has it."""
    pod, guess = _read(scenario)
    return start(pod, guess, needs(pod, Setting()))


def stopped(scenario: Scenario, dies: dict[str, float] | None = None) -> tuple[Event, ...]:
    """Return the stop of *scenario* as the model has it."""
    pod, guess = _read(scenario)
    return stop(pod, guess, VERSION, dies=dies)


def _finished(scenario: Scenario) -> list[tuple[Event, ...]]:
    pod, guess = _read(scenario)
    return [complete(pod, guess, Setting(kind="Job"))]


def _stopped_early(scenario: Scenario) -> list[tuple[Event, ...]]:
    pod, guess = _read(scenario)
    return [stop_during_init(pod, guess, VERSION)]


def _killed(scenario: Scenario) -> list[tuple[Event, ...]]:
    """Return the kills in every order, together and in rounds: the kubelet promises none."""
    pod, guess = _read(scenario)
    found = []
    for order in permutations(pod.containers):
        late = order[-1]
        later = replace(late, liveness=replace(late.liveness, failures=2))
        for last in (late, later):
            changed = replace(pod, containers=(*order[:-1], last))
            found.append(unhealthy(changed, guess, VERSION, watched(changed)))
    return found


def _read(scenario: Scenario):
    pod = read(scenario.spec)
    return pod, assume(pod, Case.BEST, scenario.paces)


def scenarios() -> list[Scenario]:
    """Return every scenario; those with numbers are the golden ones of the model, without 10."""
    made: list[Scenario] = []

    def new(name: str, claim: str, **more: object) -> Scenario:
        made.append(Scenario(name, claim, number=len(made), **more))
        return made[-1]

    for group in (_starts, _ends, _stops, _kills):
        group(new)
    return made


def _starts(new: Callable[..., Scenario]) -> None:
    """What holds a container back, and what does not."""
    s = new("1", "an init container waits for a classic sidecar: nothing else ever starts",
            after_s=12, deletes=False)  # fmt: skip
    s.add("init", "migrate", dials=s.port(0), works=0)
    s.add("app", "shop").add("app", "proxy", listens=s.port(0))

    s = new("2", "the same with a native sidecar before it", after_s=12, deletes=False)
    s.add("sidecar", "proxy", listens=s.port(0), starts=2, gate=(s.port(0), 1))
    s.add("init", "migrate", dials=s.port(0), works=2).add("app", "shop")

    s = new("3", "a native sidecar after the init container that needs it",
            after_s=12, deletes=False)  # fmt: skip
    s.add("init", "migrate", dials=s.port(0), works=0)
    s.add("sidecar", "proxy", listens=s.port(0), gate=(s.port(0), 1)).add("app", "shop")

    s = new("4", "a startupProbe that asks the app", after_s=12, deletes=False)
    s.add("sidecar", "proxy", gate=(s.port(0), 1)).add("app", "shop", listens=s.port(0))

    s = new("5", "a postStart hook that fails: the next app starts all the same",
            after_s=5, deletes=False, predict=_failing_hook)  # fmt: skip
    s.add("app", "proxy", hook=(2, "fail"), exits=1).add("app", "shop")

    s = new("12", "a slow startupProbe delays the app", after_s=14, deletes=False)
    s.add("sidecar", "proxy", listens=s.port(0), starts=1, gate=(s.port(0), 8)).add("app", "shop")

    s = new("12b", "a quick one does not", after_s=8, deletes=False)
    s.add("sidecar", "proxy", listens=s.port(0), starts=1, gate=(s.port(0), 1)).add("app", "shop")

    s = new("H1", "a postStart hook holds the next container back", after_s=10, deletes=False)
    s.add("app", "proxy", hook=(4, "")).add("app", "shop")


def _ends(new: Callable[..., Scenario]) -> None:
    """Pods that have work to do, as those of Jobs."""
    s = new("8", "a pod that should end, with a classic sidecar: it never does",
            after_s=12, deletes=False, policy="Never", predict=_hanging)  # fmt: skip
    s.add("app", "work", works=3).add("app", "proxy")

    s = new("9", "with native sidecars: they stop when the work is done, in reverse order",
            after_s=16, deletes=False, policy="Never", predict=_finished)  # fmt: skip
    s.add("sidecar", "one", exits=2).add("sidecar", "two", exits=3).add("app", "work", works=3)

    s = new("R2", "an app that fails for good: the sidecars stop as when the work is done",
            after_s=9, deletes=False, policy="Never", is_from_signal=True,
            predict=_failed)  # fmt: skip
    s.add("sidecar", "one", exits=1).add("sidecar", "two", exits=2)
    s.add("app", "work", works=3, code=1)


def _stops(new: Callable[..., Scenario]) -> None:
    """Deletions."""
    s = new("6", "the app uses up the grace period: both sidecars get their signal at its end",
            after_s=4, grace_s=8)  # fmt: skip
    s.add("sidecar", "one", exits=5).add("sidecar", "two", exits=5).add("app", "shop", exits=12)

    s = new("7", "a preStop hook as long as the grace period, and two seconds more",
            after_s=4, grace_s=6)  # fmt: skip
    s.add("app", "shop", exits=9, stop_hook=(30, ""))

    s = new("11", "a sidecar that crashes during the stop stays dead", after_s=4,
            predict=lambda s: [stopped(s, {"proxy": 1.0})])  # fmt: skip
    s.add("sidecar", "proxy", stop_hook=(1, "crash"), exits=3).add("app", "shop", exits=6)

    s = new("T2", "preStop hooks of all containers run together from the beginning", after_s=4)
    s.add("sidecar", "proxy", stop_hook=(6, ""), exits=1)
    s.add("app", "shop", stop_hook=(3, ""), exits=1)

    s = new("T3", "apps first, then sidecars in reverse order", after_s=4)
    s.add("sidecar", "one", exits=2).add("sidecar", "two", exits=2)
    s.add("app", "shop", exits=3).add("app", "other", exits=1)

    s = new("T5", "without a grace period the pod has two seconds", after_s=4, grace_s=0)
    s.add("sidecar", "proxy", exits=9).add("app", "shop", exits=9)

    s = new("T5b", "the hook of a sidecar is cut at the end of the grace period",
            after_s=4, grace_s=5)  # fmt: skip
    s.add("sidecar", "proxy", stop_hook=(20, ""), exits=1).add("app", "shop", exits=2)

    s = new("T6", "containers of one list stop together", after_s=4)
    s.add("app", "shop", exits=4).add("app", "proxy", exits=0)

    s = new("T14", "a deletion during init: nobody waits for a sidecar that never ran",
            after_s=5, predict=_stopped_early)  # fmt: skip
    s.add("sidecar", "one", exits=2).add("init", "migrate", works=60, exits=4)
    s.add("sidecar", "two").add("app", "shop")


def _kills(new: Callable[..., Scenario]) -> None:
    """Liveness kills."""
    s = new("S1", "two liveness kills, one after the other, and no start between them",
            after_s=15.5, deletes=False, is_from_signal=True, predict=_killed)  # fmt: skip
    s.add("app", "one", listens=s.port(0), deaf=5, live=(s.port(0), 0), exits=4)
    s.add("app", "two", listens=s.port(1), deaf=5, live=(s.port(1), 0), exits=3)

    s = new("T10", "a liveness kill has the grace period of its probe",
            after_s=12.5, deletes=False, is_from_signal=True, predict=_killed)  # fmt: skip
    s.add("app", "shop", listens=s.port(0), deaf=5, live=(s.port(0), 4), exits=20)


def _failing_hook(scenario: Scenario) -> list[tuple[Event, ...]]:
    """Return what A2 and H2 say; `start` itself knows no hooks that fail."""
    return [(
        Event(0, "proxy", What.START),
        Event(2, "proxy", What.SIGNAL),  # the container of a failed hook is killed
        Event(3, "proxy", What.EXIT),
        Event(3, "shop", What.START),  # and the next one starts when that is over
        Event(3, "proxy", What.RESTART),
    )]  # fmt: skip


def _failed(scenario: Scenario) -> list[tuple[Event, ...]]:
    """Return the stop that follows the crash of the only app."""
    pod, guess = _read(scenario)
    events = crash_to_the_end(pod, guess, "work", VERSION)
    return [tuple(event for event in events if event.container != "work")]


def _hanging(scenario: Scenario) -> list[tuple[Event, ...]]:
    pod, guess = _read(scenario)
    setting = Setting(kind="Job", sidecars=frozenset({"proxy"}))
    return [complete(pod, guess, setting)]
