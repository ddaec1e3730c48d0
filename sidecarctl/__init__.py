"""sidecarctl: sidecars for Kubernetes manifests, authored and checked before they are applied."""

__version__ = "0.1.0"
