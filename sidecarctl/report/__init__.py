"""Says results to people and to programs: the only room that prints."""
