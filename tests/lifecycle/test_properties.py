"""What holds for every pod, whatever it looks like."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from sidecarctl.lifecycle.analysis import analyse
from sidecarctl.lifecycle.assumptions import Case, assume
from sidecarctl.lifecycle.during_init import half_way, stop_during_init
from sidecarctl.lifecycle.events import NEVER, What, time_of
from sidecarctl.lifecycle.form import grace_needed_s
from sidecarctl.lifecycle.hazards.hazard import edited
from sidecarctl.lifecycle.needs import needs
from sidecarctl.lifecycle.pod import Role
from sidecarctl.lifecycle.reading import read
from sidecarctl.lifecycle.setting import Setting
from sidecarctl.lifecycle.start import POD, start
from sidecarctl.lifecycle.stop import FLOOR_S, effective_grace_s, end_s, stop
from sidecarctl.lifecycle.unhealthy import unhealthy, watched
from sidecarctl.lifecycle.versions import Version

# No deadline: the machine that runs this has other work to do.
relaxed = settings(deadline=None, max_examples=60)
SLACK_S = 1  # the kubelet counts whole seconds of a hook and of a wait, and rounds both down
VERSIONS = st.sampled_from([Version(1, minor) for minor in (28, 29, 33, 37)])
PORTS = st.integers(8000, 8006)
SECONDS = st.floats(0, 100, allow_nan=False)
IMAGES = st.sampled_from(
    ["app:1", "envoyproxy/envoy:v1.40", "datadog/agent:7", "cloud-sql-proxy", "istio/proxyv2:1"]
)


@st.composite
def probes(draw):
    return {
        "tcpSocket": {"port": draw(PORTS)},
        "periodSeconds": draw(st.integers(1, 12)),
        "failureThreshold": draw(st.integers(1, 90)),
        "initialDelaySeconds": draw(st.integers(0, 20)),
    }


HOOKS = st.one_of(
    st.builds(lambda n: {"exec": {"command": ["sleep", str(n)]}}, st.integers(0, 60)),
    st.builds(lambda n: {"sleep": {"seconds": n}}, st.integers(1, 20)),
    st.builds(lambda n: {"exec": {"command": ["nc", "-z", "localhost", str(n)]}}, PORTS),
)


@st.composite
def containers(draw, index, role):
    container = {"name": f"c{index}", "image": draw(IMAGES)}
    listens = draw(st.lists(PORTS, max_size=2, unique=True))
    container["ports"] = [{"containerPort": port} for port in listens]
    dials = draw(st.lists(PORTS, max_size=2, unique=True))
    container["env"] = [{"name": f"U{p}", "value": f"http://localhost:{p}/x"} for p in dials]
    if role != "init":
        for key in ("startupProbe", "readinessProbe", "livenessProbe"):
            if draw(st.booleans()):
                container[key] = draw(probes())
        hooks = {key: draw(HOOKS) for key in ("postStart", "preStop") if draw(st.booleans())}
        container |= {"lifecycle": hooks} if hooks else {}
    if role == "sidecar":
        container["restartPolicy"] = "Always"
    return container


@st.composite
def pods(draw):
    roles = draw(st.lists(st.sampled_from(["init", "sidecar"]), max_size=4))
    apps = draw(st.integers(1, 3))
    entries = [draw(containers(i, role)) for i, role in enumerate([*roles, *["app"] * apps])]
    return {
        "initContainers": entries[: len(roles)],
        "containers": entries[len(roles) :],
        "terminationGracePeriodSeconds": draw(st.integers(20, 90)),
    }


@st.composite
def assumed(draw, pod):
    fields = ("pull", "start", "run", "hook", "pre_stop", "exit")
    names = [c.name for c in pod.containers]
    return {name: {field: draw(SECONDS) for field in fields} for name in names}


@relaxed
@given(pods(), st.data())
def test_no_container_starts_before_its_gates(data, draw):
    pod = read(data)
    guess = assume(pod, draw.draw(st.sampled_from(Case)), draw.draw(assumed(pod)))
    events = start(pod, guess, needs(pod, Setting()))
    for before, after in pairwise(pod.containers):
        starts = time_of(events, after.name, What.START)
        if starts == NEVER:
            continue
        gate = {Role.INIT: What.DONE, Role.SIDECAR: What.STARTED}.get(before.role, What.START)
        assert time_of(events, before.name, gate) <= starts
        if before.post_start:
            assert time_of(events, before.name, What.HOOKED) <= starts


@relaxed
@given(pods(), st.data())
def test_a_start_either_gets_ready_or_says_what_is_stuck(data, draw):
    pod = read(data)
    guess = assume(pod, draw.draw(st.sampled_from(Case)), draw.draw(assumed(pod)))
    events = start(pod, guess, needs(pod, Setting()))
    assert [e.at_s for e in events] == sorted(e.at_s for e in events)
    assert all(0 <= e.at_s < NEVER for e in events)
    stuck = [e for e in events if e.what is What.STUCK]
    unready = [c for c in pod.containers if c.readiness and not _ready(events, c)]
    assert (time_of(events, POD, What.READY) == NEVER) == bool(stuck or unready)


def _ready(events, container):
    return time_of(events, container.name, What.READY) != NEVER


@relaxed
@given(pods())
def test_better_cases_are_never_later(data):
    pod = read(data)
    wanted = needs(pod, Setting())
    times = [
        [time_of(start(pod, assume(pod, case), wanted), name, what) for case in Case]
        for name, what in [*((c.name, What.START) for c in pod.containers), (POD, What.READY)]
    ]
    assert times == [sorted(row) for row in times]


@relaxed
@given(pods(), st.data())
def test_a_startup_probe_never_makes_an_app_start_earlier(data, draw):
    pod = read(data)
    guess = assume(pod, draw.draw(st.sampled_from(Case)), draw.draw(assumed(pod)))
    without = replace(pod, containers=tuple(replace(c, startup=None) for c in pod.containers))
    wanted = needs(pod, Setting())
    for app in pod.apps:
        gated = time_of(start(pod, guess, wanted), app.name, What.START)
        assert time_of(start(without, guess, wanted), app.name, What.START) <= gated


@relaxed
@given(pods(), VERSIONS, st.data())
def test_termination_ends_with_the_grace_period(data, version, draw):
    pod = read(data)
    guess = assume(pod, Case.BEST, draw.draw(assumed(pod)))
    override = draw.draw(st.none() | st.integers(0, 60))
    events = stop(pod, guess, version, grace_s=override)
    assert end_s(events) <= effective_grace_s(pod, override) + FLOOR_S + SLACK_S
    ended = [e.container for e in events if e.what in {What.EXIT, What.KILL}]
    assert sorted(ended) == sorted(c.name for c in (*pod.sidecars, *pod.apps))


@relaxed
@given(pods(), st.data())
def test_sidecars_are_signalled_after_the_apps_unless_the_grace_is_over(data, draw):
    pod = read(data)
    guess = assume(pod, Case.BEST, draw.draw(assumed(pod)))
    events = stop(pod, guess, Version(1, 33))
    last_app = max(_end(events, app) for app in pod.apps)
    for sidecar in pod.sidecars:
        signal = next(e for e in events if e.container == sidecar.name and e.what is What.SIGNAL)
        assert signal.at_s >= last_app or signal.at_s >= pod.grace_s


def _end(events, container):
    ends = {What.EXIT, What.KILL}
    return next(e.at_s for e in events if e.container == container.name and e.what in ends)


@relaxed
@given(pods(), VERSIONS, st.data())
def test_a_deletion_during_init_ends_with_the_grace_period(data, version, draw):
    pod = read(data)
    if not pod.inits:
        return
    guess = assume(pod, Case.BEST, draw.draw(assumed(pod)))
    _, running = half_way(pod)
    events = stop_during_init(pod, guess, version)
    assert end_s(events) <= effective_grace_s(pod) + FLOOR_S + SLACK_S
    ended = [e.container for e in events if e.what in {What.EXIT, What.KILL}]
    assert sorted(ended) == sorted(running)


@relaxed
@given(pods(), st.data())
def test_liveness_kills_never_overlap_and_everybody_comes_back(data, draw):
    pod = read(data)
    guess = assume(pod, draw.draw(st.sampled_from(Case)), draw.draw(assumed(pod)))
    events = unhealthy(pod, guess, Version(1, 33), watched(pod))
    kills = []
    for container in watched(pod):
        mine = [e for e in events if e.container == container.name]
        ends = _end(events, container)
        kills.append((min(e.at_s for e in mine), ends))
        assert time_of(events, container.name, What.RESTART) >= ends
    assert all(one[1] <= other[0] for one, other in pairwise(sorted(kills)))


@relaxed
@given(pods(), st.data())
def test_the_grace_that_is_needed_is_enough(data, draw):
    pod = read(data)
    guess = assume(pod, Case.BEST, draw.draw(assumed(pod)))
    patient = replace(pod, grace_s=grace_needed_s(pod, guess))
    events = stop(patient, guess, Version(1, 33))
    assert [e for e in events if e.what in {What.KILL, What.HOOK_CUT} or e.why] == []


@relaxed
@given(pods(), VERSIONS, st.sampled_from(["Pod", "Deployment", "Job"]))
def test_a_hazard_is_gone_with_its_cause(data, version, kind):
    if kind == "Job":
        data["restartPolicy"] = "Never"
    setting = Setting(kind=kind, version=version)
    analysis = analyse(data, (), setting)
    for hazard in analysis.hazards:
        if hazard.cure.edits:
            again = analyse(edited(data, hazard.cure.edits), (), setting)
            assert again.faults == ()
            said = {(h.kind, h.container, h.message) for h in again.hazards}
            assert (hazard.kind, hazard.container, hazard.message) not in said


JSON = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=3), st.lists(st.text(max_size=3)),
    st.lists(st.dictionaries(st.sampled_from(["name", "value", "exitCodes"]), st.integers())),
    st.dictionaries(st.sampled_from(["exec", "httpGet", "requests"]), st.lists(st.integers())),
    st.fixed_dictionaries({"httpGet": st.fixed_dictionaries({"port": st.text() | st.integers()})}),
)  # fmt: skip
KEYS = st.sampled_from(
    ["name", "image", "ports", "env", "command", "args", "lifecycle", "startupProbe", "resources",
     "restartPolicy", "volumeMounts", "securityContext", "restartPolicyRules"]
)  # fmt: skip
POD_KEYS = st.sampled_from(
    ["containers", "initContainers", "volumes", "resources", "overhead", "restartPolicy", "os",
     "terminationGracePeriodSeconds", "activeDeadlineSeconds"]
)  # fmt: skip


@relaxed
@given(st.dictionaries(POD_KEYS, JSON), st.dictionaries(KEYS, JSON))
def test_any_data_is_either_refused_or_analysed(data, container):
    assert analyse(data).faults  # no app, or one that is no mapping with a name
    analysis = analyse({**data, "containers": [{**container, "name": "app"}]})
    assert not (analysis.faults and analysis.hazards)
