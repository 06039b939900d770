"""One emitter per target: (catalog) to {path: content}."""
