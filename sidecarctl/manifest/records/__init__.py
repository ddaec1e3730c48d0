"""The record of an injection on the object itself, and the way back."""
