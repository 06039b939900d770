"""Params and outputs of the actions in builtin."""
