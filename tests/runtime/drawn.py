"""Programs to play: plans as odd as the rules allow, and choices of what happens to them."""

from dataclasses import dataclass

from hypothesis import strategies as st

from bud_server.runtime.plan import Plan, PlannedStep, Retries

MOST_STEPS = 30


@dataclass(frozen=True)
class Program:
    """A plan, and one number for each decision that the world takes."""

    plan: Plan
    choices: bytes


RETRIES = st.builds(
    Retries,
    max_attempts=st.integers(1, 4),
    first_seconds=st.sampled_from((0.5, 10.0, 100.0)),
    multiplier=st.sampled_from((1.0, 2.0)),
    longest_seconds=st.sampled_from((15.0, 3600.0)),
)
SECONDS = st.sampled_from((None, None, 5.0, 40.0, 300.0))


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    count = draw(st.integers(1, MOST_STEPS))
    order = draw(st.permutations(range(count)))
    oddities = draw(st.sampled_from(((), (False,), (False, "an error"))))
    step_ids = [f"s{position}" for position in range(count)]
    befores: dict[str, tuple[str, ...]] = {}
    for place, position in enumerate(order):
        earlier = [step_ids[each] for each in order[max(0, place - 6) : place]]
        chosen = draw(st.lists(st.sampled_from(earlier), max_size=3, unique=True)) if earlier else []
        befores[step_ids[position]] = tuple(sorted(chosen))
    steps = {
        step_id: PlannedStep(
            id=step_id,
            name=step_id,
            action="drawn",
            version="1.0.0",
            position=position,
            depends_on=befores[step_id],
            dependents=tuple(each for each in step_ids if step_id in befores[each]),
            condition=draw(_conditions(befores[step_id], oddities)),
            goes_on_after_failure=draw(st.booleans()),
            timeout_seconds=draw(SECONDS),
            attempt_seconds=draw(SECONDS),
            retries=draw(RETRIES) if draw(st.integers(0, 3)) else None,
            is_idempotent=draw(st.integers(0, 2)) > 0,
        )
        for position, step_id in enumerate(step_ids)
    }
    return Plan(
        name="drawn",
        steps=steps,
        outputs={"broken": True} if draw(st.integers(0, 9)) == 9 else {},
        timeout_seconds=draw(st.sampled_from((20.0, 500.0, 5000.0, 5000.0))),
        is_fail_fast=draw(st.booleans()),
        most_parallel=draw(st.integers(1, 5)),
    )


def _conditions(depends_on: tuple[str, ...], oddities: tuple[str | bool, ...]) -> st.SearchStrategy[str | bool | None]:
    of_steps = [f"completed {step_id}" for step_id in depends_on]
    return st.sampled_from((None, None, None, None, None, True, *of_steps, *oddities))


programs = st.builds(Program, plans(), st.binary(max_size=60) | st.binary(min_size=200, max_size=900))
"""Each is played with faults while its choices last, and without them from then on."""
