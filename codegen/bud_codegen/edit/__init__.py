"""Change what a person wrote, and nothing else: edits replace spans and move lines, so that all around them stays."""
