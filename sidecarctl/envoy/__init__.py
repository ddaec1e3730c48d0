"""What is true of Envoy, whoever asks: the parts of a bootstrap, their order, the real binary."""
