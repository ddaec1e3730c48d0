"""A pod in its setting with all that the model knows of it: what every check is given."""

from msgspec import Struct

from sidecarctl.lifecycle.assumptions import Assumptions
from sidecarctl.lifecycle.needs import Need
from sidecarctl.lifecycle.pod import Container, Pod
from sidecarctl.lifecycle.setting import Setting

SIDECARS = "https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/"
TERMINATION = "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination"
PROBES = "https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/"
HOOKS = "https://kubernetes.io/docs/concepts/containers/container-lifecycle-hooks/"
INITS = "https://kubernetes.io/docs/concepts/workloads/pods/init-containers/"


class Scene(Struct, frozen=True):
    """What the checks look at; for *mains* and *classics* see `setting`."""

    pod: Pod
    setting: Setting
    guess: Assumptions
    needs: tuple[Need, ...]
    mains: tuple[Container, ...]
    classics: tuple[Container, ...]
