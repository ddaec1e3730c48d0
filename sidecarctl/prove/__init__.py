"""Runs the Envoy of a workload on loopback and shows by traffic that its concerns work."""
