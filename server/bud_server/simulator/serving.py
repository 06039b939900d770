"""`bud simulate`: the simulator on a port, alone or around another command."""

import os
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import typer
import uvicorn

from bud_server.log import write_line, write_logs_as
from bud_server.serving import listen, uvicorn_config
from bud_server.settings import SETTINGS_FILE, Settings, load_settings
from bud_server.simulator.app import create_simulator
from bud_server.simulator.options import HOST, TOKEN, Options, settings_for

SHUTDOWN_SECONDS = 1


def token() -> str:
    """Return the token that events are sent with. Raises SettingsError if a setting is wrong."""
    given = load_settings(os.environ, SETTINGS_FILE if SETTINGS_FILE.is_file() else None, {}).app_api_token
    return given or TOKEN


def print_settings(port: int, app_api_token: str) -> None:
    """Print what a shell needs to evaluate, for `bud serve` and `bud run` to use the simulator."""
    for name, value in settings_for(port, app_api_token).items():
        typer.echo(f"export {name}='{value}'")


def simulate(options: Options, port: int, command: Sequence[str]) -> int:
    """Simulate until Ctrl-C, or until a command ends that is run with the settings it needs; return the exit code.

    Raises SettingsError if the port cannot be had.
    """
    write_logs_as("text")
    with listen(Settings(host=HOST, port=port)) as listener:
        port = listener.getsockname()[1]
        write_line("info", f"simulating the platform on http://{HOST}:{port}", {"events": options.events})
        server = uvicorn.Server(uvicorn_config(create_simulator(options), SHUTDOWN_SECONDS))
        if command:
            with _beside(server, listener):
                return _run(command, settings_for(port, options.token))
        print_settings(port, options.token)
        with suppress(KeyboardInterrupt):
            server.run(sockets=[listener])
        return 0


@contextmanager
def _beside(server: uvicorn.Server, listener: socket.socket) -> Iterator[None]:
    """Serve in a thread meanwhile."""
    thread = threading.Thread(target=lambda: server.run(sockets=[listener]))
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()


def _run(command: Sequence[str], settings: dict[str, str]) -> int:
    """Return the exit code of a command. What ends this process ends the command first."""
    try:
        process = subprocess.Popen(list(command), env={**os.environ, **settings})  # noqa: S603 - the user's own command
    except OSError as error:
        write_line("error", f"cannot run {command[0]}: {error.strerror}", {})
        return 127
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    signal.signal(signal.SIGINT, lambda *_: None)  # Ctrl-C reaches the command as well, which decides
    code = process.wait()
    return code if code >= 0 else 128 - code
