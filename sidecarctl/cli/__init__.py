"""The door: options in, one call, exit code out. One module a verb.

Imports inside a command's body keep the start-up of the other verbs short; only this room has them.
"""
