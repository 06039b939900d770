"""What others are told of executions: written with what it tells of, sent afterwards, at least once."""
