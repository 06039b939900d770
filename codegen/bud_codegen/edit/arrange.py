"""What `bud fmt` makes of a file: keys in order, no stray spaces, lists indented alike, and nothing else changed."""

import bud_schemas
from bud_codegen.edit.layout import indented, trimmed
from bud_codegen.edit.order import Schema, ordered
from bud_codegen.edit.text import edited
from bud_codegen.load import load


def arranged_file(path: str, content: bytes) -> bytes:
    """Return the content that an action file, or categories.yaml, should have; it must load without a problem.

    Arranging twice gives what arranging once gives, and what is loaded stays the same. A file that cannot be arranged
    without a change of its meaning is returned as it is.
    """
    schema = schema_of(path)
    before = load(path, content).data
    for candidate in edited(content, lambda text: ordered(indented(trimmed(text)), schema)):
        if load(path, candidate).data == before:
            return candidate
    return content


def schema_of(path: str) -> Schema:
    """Return the schema of an action file or of categories.yaml."""
    schema: Schema = bud_schemas.load("categories" if path.endswith("/categories.yaml") else "action")
    return schema
