"""One value that an option or an annotation sets, and who is to blame when it is wrong."""

from collections.abc import Iterable, Iterator
from itertools import takewhile

from msgspec import Struct

from sidecarctl.errors import ManifestError, ProfileError
from sidecarctl.findings import FieldPath, Json, JsonObject, Location
from sidecarctl.manifest.document import parse
from sidecarctl.profile.merge import has, merged, nested
from sidecarctl.profile.schema import is_text, nodes, profile_schema

_EXAMPLE = "for example --set concerns.timeouts.request=5s"


class Setting(Struct, frozen=True):
    """*value* for the field at *path*, counted from ``spec``.

    *origin* is how a message names it: the option as it was given, or the annotation's key.
    *place* is where it stands; None on the command line.
    """

    path: tuple[str, ...]
    value: Json
    origin: str
    place: Location | None = None

    def error(self, message: str, hint: str | None) -> ProfileError:
        """Return the error that says *message* of this setting."""
        return ProfileError(f"{self.origin}: {message}", at=self.place, hint=hint)


def option_settings(
    sets: Iterable[str], proxy: str | None, kubernetes_version: str | None
) -> Iterator[Setting]:
    """Yield what ``--set``, ``--proxy`` and ``--kubernetes-version`` set, the last word last.

    Raises:
        ProfileError: a ``--set`` is no ``path=value``.
    """
    for text in sets:
        yield _option(text)
    if proxy is not None:
        yield Setting(("proxy",), proxy, f"--proxy {proxy}")
    if kubernetes_version is not None:
        # People have the version from `kubectl version`: v1.33.2. The patch level decides nothing.
        minor = ".".join(kubernetes_version.removeprefix("v").split(".")[:2])
        yield Setting(("kubernetesVersion",), minor, f"--kubernetes-version {kubernetes_version}")


def read_value(path: tuple[str, ...], text: str, origin: str, place: Location | None) -> Setting:
    """Return the setting of the field at *path* to *text*: as it stands where the field takes
    nothing but text (``1.30`` stays ``"1.30"``), else read as YAML.

    Raises:
        ProfileError: *text* is no YAML value.
    """
    if is_text(nodes(profile_schema(), ("spec", *path))):
        return Setting(path, text, origin, place)
    try:
        documents = parse(f"value: {text}\n", origin).documents
    except ManifestError as error:
        message = f"{origin}: {text!r} is no YAML value: {error.message}"
        raise ProfileError(message, at=place) from None
    data = documents[0].data if documents else {}
    if data.keys() != {"value"}:
        raise ProfileError(f"{origin}: {text!r} is no single YAML value", at=place)
    return Setting(path, data["value"], origin, place)


def with_settings(data: JsonObject, settings: Iterable[Setting]) -> JsonObject:
    """Return the profile *data* with *settings* laid over its ``spec``."""
    spec: Json = data.get("spec")
    for setting in settings:
        spec = merged(spec if isinstance(spec, dict) else {}, nested(setting.path, setting.value))
    return {**data, "spec": spec} if "spec" in data or spec else data


def blamed(fault: FieldPath, settings: Iterable[Setting], data: JsonObject) -> Setting | None:
    """Return the setting that a fault at the path *fault* is about.

    None where it is about *data*, the profile as its file has it: a setting is to blame for what
    it sets, and for the way there as far as only the setting has made it.
    """
    there = max(count for count in range(len(fault) + 1) if has(data, fault[:count]))
    best = None
    for setting in settings:
        path = ("spec", *setting.path)
        pairs = zip(path, fault, strict=False)  # the longer one ends where the shorter does
        shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
        if shared == len(path) or shared > there:
            best = setting
    return best


def _option(text: str) -> Setting:
    name, equals, value = text.partition("=")
    origin = f"--set {text}"
    path = tuple(name.split("."))
    if not equals or not all(path):
        raise ProfileError(f"{origin}: this is no path=value", hint=_EXAMPLE)
    if path[0] in ("spec", "metadata", "kind", "apiVersion"):
        raise ProfileError(f"{origin}: paths count from 'spec'", hint=_EXAMPLE)
    return read_value(path, value, origin, None)
