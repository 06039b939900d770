"""Follow a guide as a reader would: run its commands, write its files, compare what it says is printed."""

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

CAPTION = re.compile(r"# (\S+/\S+\.(?:py|yaml))\n")
"""The first line of a block that is a file."""
NOTHING_WRONG = (
    r"\d+ action files? in \S+: nothing wrong\n|\S+: warning\[executor-still-stub\].*\n[12] warnings? in 1 file\n"
)
"""What `bud lint` says of good action files; an executor may still be as `bud new` wrote it."""
TOOLS = ("bud", "python", "pip")


class Block(NamedTuple):
    """A piece of code in a page."""

    language: str
    """Of a fenced block, as it says; `commands` for an indented one."""
    text: str


def blocks(page: str) -> list[Block]:
    """Return every code block in the page's order."""
    found = re.finditer(r"^```(\w*)\n(.*?)^```$|((?:^ {4}[^\n]*\n)+)", page, re.DOTALL | re.MULTILINE)
    return [
        Block("commands", re.sub(r"^ {4}", "", each[3], flags=re.MULTILINE)) if each[3] else Block(each[1], each[2])
        for each in found
    ]


class Reader:
    """Does what a page says, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        """The working directory; `cd` changes it."""
        self._home = folder
        self._tools = folder / "tools"
        _write_tools(self._tools)

    def follow(self, block: Block) -> None:
        """Run a block, or write it to the file that its first line names. AssertionError if it says what is not so."""
        if block.language in ("commands", "console"):
            for command, told in _commands(block):
                self._type(command, told)
        elif block.language == "toml":
            pyproject = tomllib.loads((self._folder / "pyproject.toml").read_text())
            assert _contains(pyproject, tomllib.loads(block.text)), block.text
        elif block.language in ("python", "yaml"):
            self._write(block)
        else:
            raise AssertionError(f"nothing is known to be done with a block of `{block.language}`:\n{block.text}")

    def _write(self, block: Block) -> None:
        caption = CAPTION.match(block.text)
        assert caption, f"the first line does not name the file to write:\n{block.text}"
        path = self._folder / caption[1]
        assert path.parent.is_dir(), path
        path.write_text(block.text[caption.end() :])
        if block.language == "yaml":
            self._type("bud lint", NOTHING_WRONG)

    def _type(self, command: str, told: str | None) -> None:
        """Run a command line; `told` is a pattern of what it prints, and None if the page does not say."""
        line, *typed = command.split("\n>>> ")
        script = f"{line}\nstatus=$?\npwd > '{self._home}/cwd'\nexit $status"
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=self._folder,
            env=self._environment(),
            input="".join(f"{each}\n" for each in typed),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL if typed else subprocess.STDOUT,
            text=True,
            check=False,
            timeout=120,
        )
        printed = re.sub(r"^(>>> )+", "", done.stdout, flags=re.MULTILINE).strip("\n") + "\n"
        if told is None:
            assert done.returncode == 0, f"$ {command}\n{printed}"
        else:
            assert re.fullmatch(told, printed, re.DOTALL), f"$ {command}\n{printed}"
        self._folder = Path((self._home / "cwd").read_text().rstrip("\n"))
        if (self._folder / "pyproject.toml").exists() and not (self._folder / ".venv").exists():
            _write_tools(self._folder / ".venv/bin")  # in place of `make setup`, which would install for half a minute
            (self._folder / ".venv/ready").touch()

    def _environment(self) -> Mapping[str, str]:
        site = str(self._home / "site")
        return {
            **os.environ,
            "PATH": f"{self._tools}:{os.environ['PATH']}",
            "PYTHONPATH": f"actions:generated/python:{site}",  # what `pip install --editable .` would add
            "PIP_TARGET": site,  # installs beside this environment rather than into it
            "PIP_NO_DEPS": "1",
            "PIP_NO_INDEX": "1",
            "PIP_NO_BUILD_ISOLATION": "0",  # pip reads it as the value of build_isolation
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
        }


def _write_tools(folder: Path) -> None:
    folder.mkdir(parents=True)
    for tool in TOOLS:
        path = folder / tool
        path.write_text(f'#!/bin/sh\nexec "{Path(sys.executable).with_name(tool)}" "$@"\n')
        path.chmod(0o755)


def _commands(block: Block) -> list[tuple[str, str | None]]:
    """Return (command, pattern of its output, or None) in order; `>>> ` lines belong to the command before them."""
    if block.language == "commands":
        lines = re.sub(r"\n>>> ", "\0>>> ", block.text).splitlines()
        return [(re.sub(r"\s{2,}# .*", "", line).replace("\0", "\n"), None) for line in lines]
    _, *parts = re.split(r"^\$ ", block.text, flags=re.MULTILINE)
    return [_command(part) for part in parts]


def _command(part: str) -> tuple[str, str | None]:
    lines = part.splitlines()
    typed = [line for line in lines[1:] if line.startswith(">>> ")]
    told = [line for line in lines[1:] if not line.startswith(">>> ")]
    pattern = "".join(r"(?:[^\n]*\n)*?" if line == "..." else f"{re.escape(line)}\n" for line in told)
    return "\n".join([lines[0], *typed]), pattern if told else None


def _contains(whole: Any, part: Any) -> bool:
    if isinstance(part, Mapping):
        return all(key in whole and _contains(whole[key], value) for key, value in part.items())
    return bool(whole == part)
