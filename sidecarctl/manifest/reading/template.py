"""Helm templates told apart from YAML that merely holds ``{{`` in its text.

Alert rules, workflows and dashboards are full of ``{{ $labels.pod }}`` inside strings, and a
ConfigMap may hold a whole chart in a block scalar: these are manifests. A template is what puts an
action where YAML wants a value, or fills an unquoted value from ``.Values``.
"""

import re
from collections.abc import Iterable

from yaml.nodes import Node, ScalarNode

from sidecarctl.errors import HelmTemplateError, ManifestError
from sidecarctl.manifest.reading.keys import children, is_bare
from sidecarctl.manifest.text import Text

_OPENER = "{{"
# Objects and functions that Helm alone has: alerts use `if`, `with` and `range`, too.
_HELM = re.compile(
    r"\{\{-?[ \t]*(?:[$]?\.(?:Values|Release|Chart|Capabilities)\b|(?:include|tpl|toYaml)[ \t])"
)
_BARE_VALUE = re.compile(r"[ \t]*(?:-[ \t]+)*(?:[^\s#'\"{}][^#'\"{}\n]*:[ \t]+)?\{\{")


def refuse_template(source: Text, roots: Iterable[Node]) -> None:
    """Raise an error where *source*, although it parses into the documents *roots*, is a template.

    Raises:
        ManifestError: an unquoted value holds an action of Helm's.
    """
    if _OPENER not in source.text or not _HELM.search(source.text):
        return
    for root in roots:
        action = _plain_action(root, set())
        if action is not None:
            start = source.text.index(_OPENER, action.start_mark.index + source.bom)
            raise template_error(source, start)


def blame_template(source: Text, error: ManifestError) -> ManifestError:
    """Return what to say instead of *error*, a fault of syntax, where a template is its cause."""
    if _OPENER not in source.text or error.at is None:
        return error
    action = _HELM.search(source.text)
    if action is not None:
        return template_error(source, action.start())
    start = source.offset(error.at.line, 1)
    bare = _BARE_VALUE.match(source.text, start)
    return template_error(source, bare.end() - len(_OPENER)) if bare else error


def template_error(source: Text, offset: int) -> ManifestError:
    """Return the error for a template whose first action stands at *offset*."""
    end = source.text.find("}}", offset)
    return HelmTemplateError(
        "this is a Helm template, not a manifest",
        at=source.location(offset, source.line_end(offset, end + 2 if end > 0 else offset + 2)),
        hint="render it first: helm template … | sidecarctl inject -",
    )


def _plain_action(node: Node, seen: set[int]) -> Node | None:
    if isinstance(node, ScalarNode):
        return node if is_bare(node) and _HELM.search(node.value) else None
    if id(node) in seen:
        return None
    seen.add(id(node))
    found = (_plain_action(child, seen) for child in children(node))
    return next((each for each in found if each is not None), None)
