"""Bodies of answers, read no further than is wanted."""

from collections.abc import AsyncIterator


class TooLargeError(Exception):
    """A body that is larger than is wanted."""

    def __init__(self, most: int) -> None:
        size = f"{most // 2**20} MiB" if most % 2**20 == 0 else f"{most} bytes"
        super().__init__(f"the answer is larger than {size}")


async def read_at_most(chunks: AsyncIterator[bytes], most: int) -> bytes:
    """Return a whole body. Raises TooLargeError as soon as it has more than `most` bytes."""
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        if len(body) > most:
            raise TooLargeError(most)
    return bytes(body)
