"""A workload's Envoy that runs here, with applications behind it, for one proof to send traffic."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import cached_property
from itertools import count

from msgspec import Struct, field

from sidecarctl.envoy.binary import Running, running
from sidecarctl.envoy.bootstrap import dump
from sidecarctl.envoy.mounts import publish_config
from sidecarctl.envoy.part import Part
from sidecarctl.envoy.read import Cluster
from sidecarctl.errors import SidecarctlError
from sidecarctl.findings import FieldPath, JsonObject
from sidecarctl.prove.callers import Caller, Nobody, Wanted, caller
from sidecarctl.prove.certificates import Leaf, server_context
from sidecarctl.prove.client import Ask, Reply, send, statuses
from sidecarctl.prove.datagrams import Datagrams, receiving
from sidecarctl.prove.draft import Draft, Rewrite
from sidecarctl.prove.files import Files, move_files
from sidecarctl.prove.http2 import Called, call
from sidecarctl.prove.peers import server_names, trust_domain
from sidecarctl.prove.relocate import (
    is_on_a_socket,
    lift_faults,
    lift_limits,
    lift_splits,
    place_cluster,
    place_listeners,
    place_sinks,
    speaks,
)
from sidecarctl.prove.routes import route_of
from sidecarctl.prove.subject import Subject
from sidecarctl.prove.trial import Trial
from sidecarctl.prove.upstream import Upstream, serving
from sidecarctl.prove.ways import Way, ways

Change = Callable[["Draft"], None]
Leaves = Callable[[Cluster], Leaf | None]
Deliver = Callable[[JsonObject], tuple[JsonObject, Mapping[str, JsonObject]]]

READY_S = 15.0
JOINED = Rewrite(
    ("dynamic_resources",), "files", "static", "what its files hold stands in the bootstrap itself"
)
_TRIES = 3


def _whole(config: JsonObject) -> tuple[JsonObject, Mapping[str, JsonObject]]:
    return config, {}


class Stand(Struct, eq=False, dict=True):
    """An Envoy that serves: the ports of its listeners, the applications behind its clusters.

    *config* is its bootstrap as it runs here.
    """

    envoy: Running
    ports: Mapping[int, int]
    upstreams: Mapping[str, Sequence[Upstream]]
    datagrams: Datagrams
    files: Files
    config: JsonObject
    deliver: "Deliver"
    taken: set[FieldPath] = field(default_factory=set)

    def port(self, way: Way) -> int:
        return self.ports[way.index]

    def publish(self, config: JsonObject) -> None:
        """Put *config* in place of what Envoy reads from files."""
        head, parts = self.deliver(config)
        texts = {name: dump(part) for name, part in parts.items()}
        publish_config(self.files.root, dump(head), texts)

    def upstream(self, caller: Caller) -> Upstream:
        """Return the first application that the requests of *caller* get to."""
        return self.applications(caller)[0]

    def applications(self, caller: Caller) -> list[Upstream]:
        """Return every application that the requests of *caller* may get to."""
        names = [cluster.name for cluster in caller.clusters]
        return [each for name in names for each in self.upstreams.get(name, ())]

    def tries(self, caller: Caller, identity: str) -> int:
        """Return how often a request with this ``x-prove-id`` has arrived."""
        return sum(each.tries(identity) for each in self.applications(caller))

    def send(
        self, way: Way, caller: Caller, ask: Ask | None = None, timeout_s: float = 8.0
    ) -> Reply:
        """Send *ask*, by default the caller's own request, and return the answer."""
        self.note(way, ask or caller.ask)
        return send(self.port(way), ask or caller.ask, caller.tls, caller.name, timeout_s)

    def flood(
        self, way: Way, caller: Caller, ask: Ask, count: int, *, source: str = ""
    ) -> Counter[str]:
        """Send *ask* *count* times, many at once on one connection, and count the answers."""
        self.note(way, ask)
        return statuses(self.port(way), ask, count, caller.tls, caller.name, source=source)

    def call(self, way: Way, caller: Caller, headers: Mapping[str, str]) -> Called:
        """Call the gRPC method that the caller's path names, with *headers*.

        Raises:
            OSError: the connection was refused or cut, or nothing came.
        """
        self.note(way, caller.changed(method="POST", headers=dict(headers)))
        return call(self.port(way), caller.ask.path, dict(headers), tls=caller.http2())

    def note(self, way: Way, ask: Ask) -> None:
        """Remember the route that *ask* takes: what none takes is not proved."""
        route = route_of(way, ask)
        if route:
            self.taken.add(route.path)

    def log_lines(self) -> list[str]:
        """Return the lines of every access log so far."""
        lines = self.envoy.access_log()
        for path in dict.fromkeys(self.files.logs):
            file = self.files.at(path)
            lines += file.read_text(errors="replace").splitlines() if file.exists() else []
        return lines


class Situation(Struct, eq=False, dict=True):
    """What a proof is given: whose Envoy, the ways into it, and the means to run it.

    *rewrites* and *log* gather what was changed and what Envoy said, *taken* the routes (by their
    paths) that requests of the run have taken.
    """

    subject: Subject
    trial: Trial
    title: str
    rewrites: list[Rewrite] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    taken: set[FieldPath] = field(default_factory=set)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    @cached_property
    def ways(self) -> tuple[Way, ...]:
        """Return the ways for traffic; Envoy's own (``ops``) are not among them."""
        return tuple(each for each in ways(self.subject.bootstrap) if not each.ops)

    @cached_property
    def ops(self) -> tuple[Way, ...]:
        return tuple(each for each in ways(self.subject.bootstrap) if each.ops)

    @cached_property
    def domain(self) -> str:
        return trust_domain(self.subject.bootstrap)

    @property
    def identity(self) -> str:
        """Return the SPIFFE id of the workload itself."""
        return f"spiffe://{self.domain}/ns/{self.subject.namespace}/sa/{self.subject.account}"

    def caller(
        self, way: Way, *methods: str, other: str = "", route: Part | None = None
    ) -> Caller | Nobody:
        """Return somebody whom *way* lets in with each of *methods*, and who is not *other*.

        The requests take *route*, where it is given.
        """
        return caller(way, self.trial.issuers, self.domain, Wanted(methods, other, route))

    @contextmanager
    def stand(  # noqa: PLR0913  keyword-only: what makes one run another
        self,
        change: Change = lambda _draft: None,
        *,
        leaves: Leaves = lambda _cluster: None,
        flags: Sequence[str] = (),
        ready_s: float = READY_S,
        lift: Sequence[Change] = (lift_limits, lift_faults, lift_splits),
        deliver: Deliver = _whole,
    ) -> Iterator[Stand]:
        """Run the Envoy, with *change* made to its bootstrap, until the block ends.

        What would disturb every other proof is lifted: rate limits, as a proof sends more than they
        let pass, faults that hit anybody by chance, other servers than the first.
        *leaves* gives the certificate that the application behind a cluster shows, where it is
        not to be the right one. *deliver* puts parts of the bootstrap into files.

        Raises:
            SidecarctlError: it does not start.
        """
        steps = [*lift, change]
        for attempt in range(_TRIES):
            with ExitStack() as stack:
                try:
                    stand = self._start(stack, steps, leaves, flags, ready_s, deliver=deliver)
                except SidecarctlError as error:
                    # Somebody has taken a port in between: there are others.
                    taken = "annot bind" in error.message or "in use" in error.message
                    if not taken or attempt == _TRIES - 1:
                        raise
                    continue
                try:
                    yield stand
                finally:
                    self.log += stand.envoy.messages()
                return

    def _start(  # noqa: PLR0913  as `stand`
        self,
        stack: ExitStack,
        steps: Sequence[Change],
        leaves: Leaves,
        flags: Sequence[str],
        ready_s: float,
        *,
        deliver: Deliver,
    ) -> Stand:
        self.trial.go_on()
        bootstrap = self.subject.bootstrap
        draft = Draft.of(bootstrap.root.data)
        if bootstrap.origins:
            draft.rewrites.append(JOINED)
        placed = place_listeners(draft, bootstrap)
        upstreams = {}
        for cluster in bootstrap.clusters:
            if not is_on_a_socket(cluster):
                upstreams[cluster.name] = self._serve(stack, draft, cluster, leaves(cluster))
        datagrams = stack.enter_context(receiving())
        place_sinks(draft, bootstrap, datagrams.port)
        files = self._files(draft)
        for step in steps:
            step(draft)
        self.rewrites = list(
            {str(each): each for each in (*self.rewrites, *draft.rewrites)}.values()
        )
        self.left_out = placed.left_out
        head, parts = deliver(draft.data)
        texts = {name: dump(part) for name, part in parts.items()}
        options = [*flags, *self._names(draft.data)]
        started = running(dump(head), texts, root=files.root, flags=options, ready_s=ready_s)
        envoy = stack.enter_context(started)
        stack.enter_context(self.trial.guarding(envoy))
        return Stand(
            envoy, placed.ports, upstreams, datagrams, files, draft.data, deliver, self.taken
        )

    def _files(self, draft: Draft) -> Files:
        root = self.trial.folder / f"{self.title}-{next(self._numbers)}"
        leaf, keys = self.trial.authority.leaf([self.identity]), self.trial.signer.key_set()
        files = Files(root, leaf, keys)
        move_files(draft, self.subject, files)
        files.write()
        return files

    def _serve(
        self, stack: ExitStack, draft: Draft, cluster: Cluster, leaf: Leaf | None
    ) -> list[Upstream]:
        every = (*self.ways, *self.ops)
        started = []
        for _ in range(max(len(cluster.endpoints), 1)):
            tls = None
            if cluster.tls:
                given = cluster.tls.part("common_tls_context").get("alpn_protocols")
                protocols = given if isinstance(given, list) else ["h2", "http/1.1"]
                shown = leaf or self.trial.authority.leaf(server_names(cluster.tls))
                tls = server_context(shown, [str(each) for each in protocols])
            started.append(stack.enter_context(serving(speaks(cluster, every), tls)))
        place_cluster(draft, cluster, [each.port for each in started])
        return started

    def _names(self, data: JsonObject) -> list[str]:
        node = data.get("node")
        if isinstance(node, dict) and node.get("id") and node.get("cluster"):
            return []
        return ["--service-node", "prove", "--service-cluster", "prove"]


def parsed(lines: Sequence[str]) -> list[JsonObject]:
    """Return the lines of an access log that are JSON objects."""
    found = []
    for line in lines:
        try:
            data = json.loads(line)
        except ValueError:
            continue
        if isinstance(data, dict):
            found.append(data)
    return found
