"""Should this be a sidecar at all, or a library, a node agent, a node proxy? With numbers."""
