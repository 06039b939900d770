"""The guarded way to addresses that pipelines name, so that none of them leads inside."""
