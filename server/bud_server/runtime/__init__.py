"""The runtime: executions that end, whatever is killed meanwhile."""
