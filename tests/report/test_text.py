"""The report for people, in full."""

from sidecarctl.errors import ManifestError, ProfileError
from sidecarctl.findings import Location, Severity
from sidecarctl.plan.outcome import Note, Outcome, Result, Status
from sidecarctl.report.paint import paint
from sidecarctl.report.text import Run, error_lines, result_lines

TEXTS = {"shop.yaml": ("a: 1\n", "a: 2\n")}
RUN = Run("inject", profile="default", kubernetes_version="1.33")


def place(line, column=1):
    return Location("shop.yaml", line, column, line, column + 4)


def outcome(status, name, message="envoy", line=1, **fields):
    return Outcome(status, "code", message, "Deployment", name, "default", place(line), **fields)


def text(lines):
    return paint(lines, coloured=False)


def test_one_line_a_workload_and_a_sum():
    skipped = outcome(Status.SKIPPED, "redis-cart", 'it has the annotation x: "false"')
    result = Result((outcome(Status.INJECTED, "shop"), skipped), TEXTS)
    assert text(result_lines(result, RUN)) == (
        "✓ injected  Deployment/shop        envoy\n"
        '- skipped   Deployment/redis-cart  it has the annotation x: "false"\n'
        "2 workloads: 1 injected, 1 skipped · target Kubernetes 1.33 · profile default\n"
    )


def test_no_workload():
    assert text(result_lines(Result((), TEXTS), Run("eject"))) == "0 workloads\n"


def test_what_was_written_stands_in_the_sum():
    result = Result((outcome(Status.EJECTED, "shop", "taken back"),), TEXTS)
    assert text(result_lines(result, Run("eject", done="1 file changed"))) == (
        "✓ ejected  Deployment/shop  taken back\n1 workload: 1 ejected · 1 file changed\n"
    )


def test_a_note_of_several_workloads_is_said_once():
    note = Note("no-service", "no Service selects it", Severity.WARNING, place(3, 5), "add one")
    alone = Note("ready", "only one of them")
    result = Result(
        (
            outcome(Status.INJECTED, "a", notes=(note, alone)),
            outcome(Status.INJECTED, "b", notes=(note,)),
            outcome(Status.INJECTED, "c", notes=(note,)),
        ),
        TEXTS,
        notes=(Note("mtls", "certificates must be there", Severity.INFO),),
    )
    assert text(result_lines(result, RUN)) == (
        "✓ injected  Deployment/a  envoy\n"
        "✓ injected  Deployment/b  envoy\n"
        "✓ injected  Deployment/c  envoy\n"
        "note: certificates must be there [mtls]\n"
        "warning: shop.yaml:3:5: Deployment/a and 2 more: no Service selects it [no-service]\n"
        "  hint: add one\n"
        "note: Deployment/a: only one of them [ready]\n"
        "3 workloads: 3 injected · target Kubernetes 1.33 · profile default\n"
    )


def test_a_reason_is_said_once_and_of_how_many_it_is_true():
    both, one = "envoy is native: 1.33 has them", "a grace period of 30 s is enough"
    result = Result(
        (
            outcome(Status.INJECTED, "a", reasons=(both, one)),
            outcome(Status.INJECTED, "b", reasons=(both,)),
            outcome(Status.SKIPPED, "c"),
        ),
        TEXTS,
    )
    lines = text(result_lines(result, RUN)).splitlines()
    assert lines[3:5] == [f"why: {both}", f"why: {one} (1 of 2)"]


def test_a_hint_of_several_notes_is_said_once():
    notes = [
        Note(
            "moved", f"Service {name!r} moves", Severity.WARNING, place(line), "apply in two steps"
        )
        for line, name in enumerate("ab", 3)
    ]
    other = Note("ready", "in between")
    result = Result(
        (
            outcome(Status.INJECTED, "a", notes=(notes[0], other)),
            outcome(Status.INJECTED, "b", notes=(notes[1],)),
        ),
        TEXTS,
    )
    assert text(result_lines(result, RUN)).splitlines()[2:-1] == [
        "warning: shop.yaml:3:1: Deployment/a: Service 'a' moves [moved]",
        "warning: shop.yaml:4:1: Deployment/b: Service 'b' moves [moved]",
        "  hint: apply in two steps",
        "note: Deployment/a: in between [ready]",
    ]


def test_a_refusal_says_only_what_stands_in_the_way():
    clash = Note("name-clash", "it adds a volume 'v'", location=place(20, 7), hint="rename it")
    result = Result(
        (
            outcome(
                Status.REFUSED, "shop", "port 9902 is taken", 12, hint="free it", notes=(clash,)
            ),
            outcome(Status.INJECTED, "cart", notes=(Note("x", "not said"),)),
        ),
        {"shop.yaml": ("a", "a")},
    )
    assert text(result_lines(result, RUN)) == (
        "error: shop.yaml:12:1: Deployment/shop: port 9902 is taken [code]\n"
        "  hint: free it\n"
        "error: shop.yaml:20:7: Deployment/shop: it adds a volume 'v' [name-clash]\n"
        "  hint: rename it\n"
        "2 workloads: 1 refused · nothing was written"
        " · target Kubernetes 1.33 · profile default\n"
    )


def test_an_error_with_all_the_others():
    second = ProfileError("there is no concern 'mtsl'", hint="did you mean 'mtls'?")
    error = ManifestError("the key 'selector' occurs twice", at=place(12, 3), others=[second])
    assert text(error_lines(error)) == (
        "error: shop.yaml:12:3: the key 'selector' occurs twice\n"
        "error: there is no concern 'mtsl'\n"
        "  hint: did you mean 'mtls'?\n"
    )
