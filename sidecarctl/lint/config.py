"""What lint is told, from three sides: options over the configuration over the defaults."""

from collections.abc import Mapping, Sequence

from msgspec import Struct, field

from sidecarctl.findings import Severity
from sidecarctl.lint.exempt import Exemption
from sidecarctl.profile.project import FILE

_DEFAULTS = {"kubernetesVersion": "1.33", "select": "all", "ignore": "", "failOn": "error"}
_FLAGS = {"kubernetesVersion": "kubernetes-version", "failOn": "fail-on"}


class Told(Struct, frozen=True):
    """A value, and where it comes from. A list is written with commas."""

    value: str
    origin: str


class Config(Struct, frozen=True):
    """A configuration file without fault: *told* holds the settings that it makes."""

    told: Mapping[str, Told] = field(default_factory=dict)
    severities: Mapping[str, Severity] = field(default_factory=dict)
    exemptions: tuple[Exemption, ...] = ()


class Settings(Struct, frozen=True):
    """What holds, setting by setting."""

    told: Mapping[str, Told]
    severities: Mapping[str, Severity]
    exemptions: tuple[Exemption, ...]

    def value(self, name: str) -> str:
        return self.told[name].value

    def words(self, name: str) -> list[str]:
        return [word for word in self.value(name).split(",") if word]

    def rows(self) -> list[dict[str, str]]:
        """Return a row for each setting: what it is and where it comes from."""
        rows = [
            {"setting": name, "value": one.value or "-", "from": one.origin}
            for name, one in self.told.items()
        ]
        weights = ((f"severity of {slug}", one.value) for slug, one in self.severities.items())
        left_out = (("except", ",".join(one.rules)) for one in self.exemptions)
        return rows + [
            {"setting": name, "value": value, "from": FILE} for name, value in (*weights, *left_out)
        ]


def settle(options: Mapping[str, Sequence[str] | str | None], config: Config) -> Settings:
    """Lay *options*, those of the command line, over *config* and that over the defaults."""
    found = {}
    for name, default in _DEFAULTS.items():
        option = options.get(name) or ""
        given = option if isinstance(option, str) else ",".join(option)
        own = Told(given, f"--{_FLAGS.get(name, name)}") if given else None
        found[name] = own or config.told.get(name) or Told(default, "default")
    return Settings(found, config.severities, config.exemptions)
