"""Everything wrong with a project's actions, and everything that could be better."""
