"""No branch of the code names a concern or a sidecar: what they need is a general ability.

A concern or a sidecar is a folder of templates/; Python that asks for one by name would have to be
changed for the next one, and D3 of the house (found, not registered) would be gone.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "templates"
NAMES = {
    folder.name
    for group in ("concerns", "sidecars")
    for folder in (TEMPLATES / group).iterdir()
    if folder.is_dir()
}
# Words that Kubernetes or Envoy use for fields of their own, in the rooms that read such fields.
FIELDS = {"lifecycle", "tracing", "resources"}
MODULES = sorted((ROOT / "sidecarctl").rglob("*.py"))


def branches(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield the line and the word of each comparison, match and look-up by a constant string.

    Look-ups count only in what is called after concerns or sidecars: other tables have fields of
    the same names (`ports.egress` of a sidecar's values).
    """
    for node in ast.walk(tree):
        match node:
            case ast.Compare():
                for side in (node.left, *node.comparators):
                    several = isinstance(side, ast.Tuple | ast.List | ast.Set)
                    yield from _constants(side.elts if several else [side])
            case ast.MatchValue():
                yield from _constants([node.value])
            case ast.Subscript() if _holds_choices(node.value):
                yield from _constants([node.slice])
            case ast.Call(func=ast.Attribute(attr="get", value=table)) if _holds_choices(table):
                yield from _constants(node.args[:1])


def _holds_choices(table: ast.expr) -> bool:
    text = ast.unparse(table)
    return "concern" in text or "sidecar" in text


def _constants(nodes) -> Iterator[tuple[int, str]]:
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


@pytest.mark.parametrize("module", MODULES, ids=lambda file: str(file.relative_to(ROOT)))
def test_no_concern_or_sidecar_is_named(module):
    tree = ast.parse(module.read_text(encoding="utf-8"))
    named = [(line, word) for line, word in branches(tree) if word in NAMES - FIELDS]
    assert named == []


def test_the_test_sees_a_branch():
    code = """
if concern == "mtls": pass
if name in ("datadog", x): pass
match name:
    case "egress": pass
choice.concerns["rateLimit"]; sidecars().get("istio"); ports.get("envoy")
"""
    words = [word for _, word in branches(ast.parse(code))]
    assert sorted(words) == ["datadog", "egress", "istio", "mtls", "rateLimit"]
