"""Benchmarks: what the generator and the validator cost next to their peers, measured in the same run.

`python -m bench` from the repository's root prints one table a topic; nothing is written but temporary folders.
"""
