"""Text becomes data, and places: the quick reader, and libyaml behind it."""
