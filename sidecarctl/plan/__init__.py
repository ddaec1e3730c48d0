"""Decides: who gets which sidecar, what changes around it, and why not where not."""
