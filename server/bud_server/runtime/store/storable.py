"""Texts that every database can keep."""


def is_storable(text: str) -> bool:
    """Whether a text has neither NUL characters nor half surrogate pairs."""
    return "\0" not in text and not any("\ud800" <= each <= "\udfff" for each in text)
