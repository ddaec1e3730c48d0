"""A profile becomes sidecars: decide, render, patch, and take it back."""
