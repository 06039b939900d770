"""Pipelines from the terminal: run one, be a worker, look after the database."""
