"""Processes that are killed, and what must hold all the same."""
