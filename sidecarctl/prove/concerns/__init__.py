"""One module a concern, found by listing: what traffic must show where the concern is there."""
