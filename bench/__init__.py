"""Benchmarks: what the generator, the validator and the server cost next to their peers, measured in the same run.

`python -m bench` from the repository's root prints one table a topic; nothing is written but temporary folders.
"""
