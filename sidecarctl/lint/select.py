"""Which rules a word means: a slug, a code, or the beginning of a code."""

from collections.abc import Iterable, Sequence

from sidecarctl.errors import SidecarctlError
from sidecarctl.lint.rule import Rule
from sidecarctl.violation import did_you_mean


def meant(word: str, rules: Iterable[Rule]) -> list[Rule]:
    """Return the rules that *word* means: ``duplicate-key``, ``SC803``, ``SC8``, ``all``."""
    code = word.upper()
    if word == "all":
        return list(rules)
    if not code.startswith("SC"):
        return [rule for rule in rules if rule.slug == word]
    return [rule for rule in rules if rule.code.startswith(code)]


def words(given: Iterable[str] | None) -> list[str]:
    """Return the words of an option that may be repeated and may hold several, with commas."""
    return [word.strip() for text in given or () for word in text.split(",") if word.strip()]


def choose(rules: Sequence[Rule], select: Iterable[str], ignore: Iterable[str]) -> list[Rule]:
    """Return those of *rules* that are selected and not ignored.

    Raises:
        SidecarctlError: a word means no rule.
    """
    chosen = {rule.slug for word in select for rule in _known(word, rules)}
    left_out = {rule.slug for word in ignore for rule in _known(word, rules)}
    return [rule for rule in rules if rule.slug in chosen - left_out]


def hint(word: str, rules: Iterable[Rule]) -> str | None:
    """Return what *word*, which means no rule, was probably meant to be."""
    names = [name for rule in rules for name in (rule.slug, rule.code)]
    return did_you_mean(word, names)


def _known(word: str, rules: Sequence[Rule]) -> list[Rule]:
    found = meant(word, rules)
    if not found:
        raise SidecarctlError(f"there is no rule {word!r}", hint=hint(word, rules))
    return found
