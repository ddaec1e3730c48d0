"""Manifests, as they are and as they are injected, become what the kubelet makes of their pods."""
