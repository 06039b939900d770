"""One run of the generator over a project on disk."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bud_codegen import memory
from bud_codegen.collector import collector_paused
from bud_codegen.workspace import TARGET_FOLDERS, Workspace, differences, write

if TYPE_CHECKING:
    from bud_codegen.emit.lock import Lock
    from bud_codegen.problem import InvalidActionsError

ALL_TARGETS = tuple(TARGET_FOLDERS)
PrintLine = Callable[[str], None]


def generate(workspace: Workspace, targets: tuple[str, ...], print_line: PrintLine, stats: bool) -> bool:
    """Write what is missing or stale and say so; True.

    Raises InvalidActionsError, having written nothing, if any action file is wrong.
    """
    stopwatch = Stopwatch()
    with collector_paused():
        _run(workspace, targets, print_line, stopwatch)
    if stats:
        for part, seconds in stopwatch.parts.items():
            print_line(f"  {part:<10} {seconds * 1000:8.1f} ms")
    return True


def _run(workspace: Workspace, targets: tuple[str, ...], print_line: PrintLine, stopwatch: "Stopwatch") -> None:
    with stopwatch("look"):
        generator = memory.generator_stamps()
        last = memory.recall(workspace.root)
        is_current = targets == ALL_TARGETS and last is not None and last.is_current(workspace, generator)
    if is_current:
        print_line("unchanged")
    else:
        _generate(workspace, targets, print_line, stopwatch, last, generator)


def _generate(
    workspace: Workspace,
    targets: tuple[str, ...],
    print_line: PrintLine,
    stopwatch: "Stopwatch",
    last: memory.Memory | None,
    generator: list[object],
) -> None:
    from bud_codegen import api
    from bud_codegen.workspace import NO_LOCK

    with stopwatch("read"):
        seen = memory.stamps(workspace.root, workspace.source_paths())
        sources = workspace.read_sources()
        known = last.known_files(workspace.root, generator) if last else {}
        others = _digests_of_others(workspace.read_lock() or NO_LOCK, targets)
    with stopwatch("validate"):
        catalog = api.load_catalog(sources, workspace.project)
    with stopwatch("emit"):
        made = api.generation(catalog, targets, known, others)
    with stopwatch("write"):
        written = write(workspace, made.files, made.scaffolds, targets)
        if targets == ALL_TARGETS:
            outputs = [*made.files, *(path for path in made.scaffolds if path.startswith("actions/"))]
            memory.remember(workspace.root, seen, outputs, generator)
    for path in written.changed:
        print_line(f"wrote {path}")
    for path in written.deleted:
        print_line(f"deleted {path}")
    for note in written.notes:
        print_line(f"note: {note}")
    print_line(f"{len(catalog.actions)} actions, {len(made.files)} files, {len(written.changed)} written")


def check(workspace: Workspace, targets: tuple[str, ...], print_line: PrintLine) -> bool:
    """Compare the project with what a run would write, which is worked out anew, and say what differs.

    Returns False if anything differs. Raises InvalidActionsError if an action file is wrong, or if there is none: a
    check that checked nothing does not pass.
    """
    from bud_codegen import api
    from bud_codegen.workspace import NO_LOCK

    catalog = api.load_catalog(workspace.read_sources(), workspace.project)
    others = _digests_of_others(workspace.read_lock() or NO_LOCK, targets)
    made = api.generation(catalog, targets, {}, others)
    found = differences(workspace, made.files, made.scaffolds, targets)
    for difference in found:
        print_line(str(difference))
    if found:
        kinds = sorted({difference.kind for difference in found})
        counts = ", ".join(f"{sum(each.kind == kind for each in found)} {kind}" for kind in kinds)
        print_line(f"{len(catalog.actions)} actions: {counts}")
        return False
    print_line(f"{len(catalog.actions)} actions, {len(made.files)} files: all as generated")
    return True


def _digests_of_others(recorded: "Lock", targets: Iterable[str]) -> dict[str, str]:
    folders = tuple(folder for target, folder in TARGET_FOLDERS.items() if target not in targets)
    return {path: digest for path, digest in recorded.files.items() if path.startswith(folders)}


def watch(
    workspace: Workspace,
    targets: tuple[str, ...],
    print_line: PrintLine,
    print_problems: Callable[[Workspace, "InvalidActionsError"], None],
) -> None:
    """Run whenever an action file changes, until interrupted; problems are printed and the watching goes on."""
    import watchfiles

    from bud_codegen.problem import InvalidActionsError

    def run() -> None:
        try:
            generate(workspace, targets, print_line, stats=False)
        except InvalidActionsError as error:
            print_problems(workspace, error)

    folder = workspace.root / workspace.project.actions
    print_line(f"watching {workspace.project.actions}; Ctrl-C ends it")
    seen = None
    # A turn without news looks as well: what was saved during the last run may have come before the watching.
    for _ in watchfiles.watch(folder, yield_on_timeout=True, rust_timeout=500, raise_interrupt=False):
        now = [(path, memory.stamp(workspace.root / path)) for path in workspace.source_paths()]
        if now != seen:
            seen = now
            run()


class Stopwatch:
    """Seconds that each part of a run took."""

    def __init__(self) -> None:
        self.parts: dict[str, float] = {}

    @contextmanager
    def __call__(self, part: str) -> Iterator[None]:
        """Time a part."""
        start = time.perf_counter()
        yield
        self.parts[part] = time.perf_counter() - start
