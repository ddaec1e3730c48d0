"""What a test needs to watch a real Envoy: ports, certificates, servers, clients, collectors."""
