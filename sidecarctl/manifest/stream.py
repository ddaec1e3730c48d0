"""The texts of several files as one stream of documents, as `kubectl apply -f -` takes it."""

from collections.abc import Sequence

_BOM = "\ufeff"


def join(texts: Sequence[str]) -> str:
    """Return *texts* one after the other, each as it is, with a separator only where one is needed.

    The text of a single file comes back byte for byte. Objects in JSON follow one another without
    a separator, unless YAML is among them: kubectl decides by the first character how to read all.
    """
    full = [text for text in texts if text]
    if len(full) < 2:
        return "".join(full)
    all_json = all(_is_json(text) for text in full)
    stream = "---\n" if _is_json(full[0]) and not all_json else ""
    for number, text in enumerate(full):
        part = text.removeprefix(_BOM) if number else text
        if number and not all_json:
            stream += _separator(part)
        stream += part if part.endswith("\n") else f"{part}\n"
    return stream


def _is_json(text: str) -> bool:
    return text.removeprefix(_BOM).lstrip().startswith(("{", "["))


def _separator(text: str) -> str:
    """Return what has to stand before *text*, a file that follows another."""
    for line in text.splitlines():
        if line.startswith("%"):
            return "...\n"  # a directive may only follow a document that has been ended
        if line.split(maxsplit=1)[:1] == ["---"]:
            return ""
        if line.strip() and not line.startswith("#"):
            break
    return "---\n"
