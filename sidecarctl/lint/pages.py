"""The catalogue as rows, and a rule's manual as a page."""

import re

from sidecarctl.errors import SidecarctlError
from sidecarctl.lint.codes import FAMILIES
from sidecarctl.lint.engine import all_rules
from sidecarctl.lint.rule import Rule
from sidecarctl.lint.select import hint

_RULE = re.compile(r"(?i:sc)\d+|[a-z0-9]+(?:-[a-z0-9]+)+")
"""Nothing else that has a page bears a hyphen."""


def rule_rows() -> list[dict[str, str]]:
    """Return a row for every rule: code, name, severity, and what is wrong where it fires."""
    return [
        {
            "code": rule.code,
            "rule": rule.slug,
            "severity": rule.severity.value,
            "finds": rule.summary,
        }
        for rule in all_rules()
    ]


def rule_page(word: str) -> str | None:
    """Return the manual of the rule *word* (slug or code) as Markdown, None where it is no rule's.

    Raises:
        SidecarctlError: *word* is written as rules are, and there is none of that name.
    """
    for rule in all_rules():
        if word in (rule.slug, rule.code) or word.upper() == rule.code:
            return _page(rule)
    if _RULE.fullmatch(word):
        raise SidecarctlError(f"there is no rule {word!r}", hint=hint(word, all_rules()))
    return None


def _page(rule: Rule) -> str:
    family = FAMILIES[rule.code[:3]]
    facts = f"{rule.severity.value}, confidence {rule.confidence.value}, {family}"
    parts = [f"# {rule.code} {rule.slug}", f"*{facts}*", rule.manual, f"Cure: {rule.help}."]
    if rule.source:
        parts.append(f"Source: <{rule.source}>")
    off = f"Switch it off for a line: `# sidecarctl: ignore[{rule.slug}] reason`."
    return "\n\n".join([*parts, off]) + "\n"
