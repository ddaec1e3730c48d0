"""Small manifests, and the decision about them."""

from textwrap import dedent, indent

from sidecarctl.manifest.document import parse
from sidecarctl.plan.plan import plan
from sidecarctl.profile.profile import load_profile
from sidecarctl.topology.fleet import fleet


def decide(*documents, profile="strict", context=(), **options):
    """Plan for *documents* (YAML texts) by the built-in *profile* with *options* of its loader."""
    joined = fleet(
        parse("\n---\n".join(dedent(each) for each in documents), "input.yaml").documents,
        parse("\n---\n".join(dedent(each) for each in context), "context.yaml").documents,
    )
    return plan(joined, load_profile(profile, **options))


def deployment(
    name="shop", *, pod="", ports="[{containerPort: 8080}]", container="", kind="Deployment"
):
    """Return a workload of one container; *pod* and *container* are further lines of theirs."""
    head = f"apiVersion: apps/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec:\n"
    head += f"  selector: {{matchLabels: {{app: {name}}}}}\n  template:\n"
    head += f"    metadata: {{labels: {{app: {name}}}}}\n    spec:\n"
    text = head + indent(dedent(pod), "      ")
    text += f"      containers:\n      - name: app\n        image: {name}:1.0.0\n"
    text += f"        ports: {ports}\n"
    return text + indent(dedent(container), "        ")


def service(name="shop", *, ports="[{port: 80, targetPort: 8080}]", spec="", selector=None):
    """Return a Service that selects the pods of the workload *selector* (of its own name)."""
    text = f"apiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\nspec:\n"
    text += f"  selector: {{app: {selector or name}}}\n  ports: {ports}\n"
    return text + indent(dedent(spec), "  ")


def the_only(decided):
    """Return the one injection of *decided*; whoever was refused is in the message."""
    assert len(decided.injections) == 1, [(o.name, o.code, o.message) for o in decided.outcomes]
    return decided.injections[0]


def codes(notes):
    return [note.code for note in notes]


def changes(injection):
    """Return {document path: value} of the changes that *injection* makes in the input."""
    return {
        f"{change.document}:{'.'.join(map(str, change.path))}": change.value
        for change in injection.changes
    }


def refusal(decided):
    """Return (code, message, place) of the one refused workload."""
    (outcome,) = [each for each in decided.outcomes if each.status == "refused"]
    return outcome.code, outcome.message, str(outcome.location)
