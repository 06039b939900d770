"""The actions that come with this distribution: a YAML file and an executor each, in a folder per category."""
