"""What is decided over drawn pipelines and faults is what a slow interpreter of the rules says."""

import os

import hypothesis

from tests.runtime.drawn import Program, programs
from tests.runtime.player import Player, as_lines

EXAMPLES = int(os.environ.get("BUD_CHAOS_LENGTH", "300"))
"""Programs that are played; many more by `BUD_CHAOS_LENGTH=20000`, drawn anew each time."""


@hypothesis.settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=EXAMPLES <= 300,
    database=None,
    print_blob=True,
    suppress_health_check=list(hypothesis.HealthCheck),
)
@hypothesis.given(programs)
def test_every_program_goes_as_the_reference_says(program: Program) -> None:
    player = Player(program)
    try:
        player.play()
    except AssertionError as error:
        error.add_note(as_lines(player))
        raise
