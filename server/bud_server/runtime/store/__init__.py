"""Where the runtime keeps everything: tables, and what SQLite and PostgreSQL do differently."""
