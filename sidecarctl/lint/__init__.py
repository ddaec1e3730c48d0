"""Manifests become findings."""
