"""Every block of code in the guides does what the guide says, in the order of the page."""

from pathlib import Path

import pytest

from tests.support.guide import Block, Reader, blocks

DOCS = Path(__file__).parent.parent / "docs"


@pytest.mark.parametrize("guide", ["writing-actions.md", "action-packages.md", "changing-actions.md"])
def test_a_guide_can_be_followed(guide: str, tmp_path: Path) -> None:
    reader = Reader(tmp_path)
    found = blocks((DOCS / guide).read_text())

    assert found
    for block in found:
        reader.follow(block)


@pytest.mark.parametrize(
    "block",
    [
        Block("rust", "fn main() {}\n"),
        Block("python", "print('in no file')\n"),
        Block("console", "$ echo this\nthat\n"),
        Block("commands", "false\n"),
    ],
)
def test_a_block_that_cannot_be_followed_is_noticed(block: Block, tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        Reader(tmp_path).follow(block)
