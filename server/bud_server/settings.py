"""All settings of the server: their types, where they come from, and which do not go together."""

import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, get_args, get_origin
from urllib.parse import urlsplit


class SettingsError(Exception):
    """A setting that cannot be used; the message names its place and says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that can be set, and what holds when it is not."""

    host: str = "127.0.0.1"
    """Address to listen on."""
    port: int = 8010
    """Port to listen on; 0 lets the system choose one."""
    largest_body_bytes: int = 1024 * 1024
    """Largest request body, in bytes; a larger one is refused with 413."""
    cors_origins: tuple[str, ...] = ()
    """Origins whose pages may read answers, such as `https://admin.example.com`; never `*`."""
    auth: Literal["none", "api-key", "jwt"] = "none"
    """How clients prove who they are; `none` gives everyone every permission and is refused unless host is loopback."""
    api_keys_file: Path | None = None
    """File of API keys, one hashed key per line; needed by auth `api-key`."""
    jwt_jwks: str | None = None
    """Keys that tokens are checked with: a JWKS file, or its https URL; needed by auth `jwt`."""
    jwt_audience: str | None = None
    """Audience (`aud`) that a token must be for; needed by auth `jwt`."""
    jwt_issuer: str | None = None
    """Issuer (`iss`) that a token must come from; needed by auth `jwt`."""
    jwt_permissions_claim: str = "permissions"
    """Claim that lists a token's permissions, as a list or as one text with spaces."""
    proxy_credential: str | None = field(default=None, repr=False)
    """Secret that a trusted proxy sends as `X-Bud-Proxy-Credential`, so that its `X-User-ID` is believed; \
without one, `X-User-ID` is ignored."""
    allow_broken: bool = False
    """Whether to serve the rest when an action package is broken, instead of not starting."""
    strict: bool | None = None
    """Whether a request or an answer that differs from the OpenAPI document is answered 500, naming the difference; \
if not set, only `--reload` does so."""
    log_format: Literal["text", "json"] = "text"
    """How log lines are written: `text` for people, `json` for machines."""
    database: str = field(default="sqlite:///var/bud.db", repr=False)
    """Where pipelines and executions are kept: `sqlite:///FILE`, seen from the working directory, or \
`postgresql://USER@HOST/NAME`."""
    secret_key: str | None = field(default=None, repr=False)
    """Key that secret values are encrypted with; `bud secret-key` makes one. Without it no secret value is accepted."""
    services: tuple[str, ...] = ()
    """Services that executors call, each as `name=https://host/path`."""
    topics: tuple[str, ...] = ()
    """Topics on which progress is published, each as `name=https://host/path`, to which messages are posted."""
    dapr_url: str | None = None
    """Address of a Dapr sidecar, such as `http://127.0.0.1:3500`, for services and topics; without one, `services` \
and `topics` say where they are."""
    dapr_api_token: str | None = field(default=None, repr=False)
    """Token that the Dapr sidecar asks of its callers."""
    pubsub: str = "pubsub"
    """Component through which Dapr publishes."""
    allowed_hosts: tuple[str, ...] = ()
    """Hosts inside that pipelines may ask all the same: names, `*.example.com`, or networks such as `10.1.0.0/16`."""
    outbound_bytes: int = 10 * 1024 * 1024
    """Largest answer of an address that a pipeline asks, in bytes."""
    outbound_redirects: int = 0
    """Redirects of such an address that are followed, each to an address that is judged like the first."""
    public_url: str | None = None
    """Address under which others reach this server; executors pass it on as the callback of what they start."""
    event_secret: str | None = field(default=None, repr=False)
    """Secret that senders of events sign their bodies with, instead of sending an API key; \
without one no signature is believed."""
    event_keys: tuple[str, ...] = ()
    """More places of the id that an event is about, each as `source=/json/pointer`; they are looked at first."""
    app_api_token: str | None = field(default=None, repr=False)
    """Token that Dapr sends with what it delivers to `/workflow-events`; without one that route answers to nobody."""
    worker_capacity: int = 32
    """Steps that one process runs at a time."""
    lease_seconds: int = 30
    """How long a worker may be silent before others take over its steps."""
    shutdown_seconds: int = 10
    """How long a stopping server waits for what is under way; the rest is taken over after it is gone."""


PREFIX = "BUD_"
"""What a setting's variable starts with: `BUD_PORT` sets port."""
SETTINGS_FILE = Path("bud.toml")
"""Where the settings stand, as seen from the working directory; it need not be there."""
TABLE = "server"
"""The table of bud.toml that holds the settings."""
OTHER_VARIABLES = frozenset({"BUD_DEBUG", "BUD_FAILPOINT"})
"""Variables with the prefix that are no settings of the server."""

_KINDS: dict[str, Any] = {each.name: each.type for each in fields(Settings)}
ALIASES = {"BUD_DATABASE_URL": "database", "APP_API_TOKEN": "app_api_token"}
"""Variables by which other tools of the platform know a setting; its own comes first."""
_VARIABLES = {f"{PREFIX}{name.upper()}": name for name in _KINDS}
_SECRET = frozenset({"proxy_credential", "database", "secret_key", "event_secret", "app_api_token", "dapr_api_token"})


def load_settings(environ: Mapping[str, str], toml_path: Path | None, overrides: Mapping[str, object]) -> Settings:
    """Return the defaults, changed by bud.toml, then the environment, then the command line. Raises SettingsError.

    An override of None was not given on the command line, and a variable of "" is not set. A path in bud.toml is
    relative to it.
    """
    given = _from_file(toml_path) | _from_environment(environ) | _from_command_line(overrides)
    return Settings(**given)


def check_settings(settings: Settings) -> None:
    """Raise SettingsError if the settings do not go together."""
    _check_one_way(settings)
    if settings.auth == "none":
        _check_openness(settings.host)
    elif settings.auth == "api-key":
        _check_given(settings, "api_keys_file")
    else:
        _check_given(settings, "jwt_jwks", "jwt_audience", "jwt_issuer")


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address; of all names, only `localhost` is known to be such."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def is_safe_url(url: str) -> bool:
    """Whether nobody on the way can change what a URL answers: https, or http on this machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host)))


def _check_openness(host: str) -> None:
    if not is_loopback(host):
        raise SettingsError(
            f'auth is "none" and host is {host!r}: whoever reaches that address would have every permission; '
            f'set auth ({PREFIX}AUTH) to "api-key" or "jwt", or host ({PREFIX}HOST) to 127.0.0.1'
        )


def _check_one_way(settings: Settings) -> None:
    known = [name for name in ("services", "topics") if getattr(settings, name)]
    if settings.dapr_url is not None and known:
        raise SettingsError(
            f"dapr_url is set, and Dapr finds services and topics by name: leave out dapr_url ({PREFIX}DAPR_URL) "
            f"or {known[0]} ({PREFIX}{known[0].upper()})"
        )


def _check_given(settings: Settings, *names: str) -> None:
    missing = [name for name in names if getattr(settings, name) is None]
    if missing:
        wanted = " and ".join(f"{name} ({PREFIX}{name.upper()})" for name in missing)
        raise SettingsError(f'auth is "{settings.auth}", which needs more: set {wanted}')


def _from_file(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    document = _read_toml(path)
    for table in document:
        if table != TABLE:
            raise SettingsError(f"{path}: [{table}] is unknown; settings stand under [{TABLE}]")
    settings = document.get(TABLE, {})
    if not isinstance(settings, dict):
        raise SettingsError(f"{path}: {TABLE} must be a table: write [{TABLE}], and the settings below it")
    values = {name: _read(name, value, f"{path}: [{TABLE}] {name}") for name, value in settings.items()}
    return {name: _beside(path, name, value) for name, value in values.items()}


def _read_toml(path: Path) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SettingsError(f"{path} is missing") from error
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise SettingsError(f"{path} is not TOML: {error}") from error


def _beside(path: Path, name: str, value: Any) -> Any:
    """Return a path of a file as seen from the working directory."""
    if isinstance(value, Path):
        return path.parent / value
    return str(path.parent / value) if name == "jwt_jwks" and "://" not in value else value


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    named = {name: text for name, text in environ.items() if name.startswith(PREFIX) and name not in OTHER_VARIABLES}
    for variable in named.keys() - ALIASES.keys():
        if variable not in _VARIABLES:
            raise _unknown(f"the variable {variable}", variable, _VARIABLES)
    settings = [(variable, ALIASES[variable]) for variable in ALIASES] + [*_VARIABLES.items()]
    return {
        name: _read(name, _parsed(_KINDS[name], text), variable)
        for variable, name in settings
        if (text := environ.get(variable))
    }


def _from_command_line(overrides: Mapping[str, object]) -> dict[str, Any]:
    given = {name: value for name, value in overrides.items() if value is not None}
    return {name: _read(name, value, f"--{name.replace('_', '-')}") for name, value in given.items()}


_TRUTH = {
    **dict.fromkeys(("true", "1", "yes", "on"), True),
    **dict.fromkeys(("false", "0", "no", "off"), False),
}


def _parsed(kind: Any, text: str) -> object:
    """Return the value that a variable's text means, or the text itself if it means none of that kind."""
    if kind in (bool, bool | None):
        return _TRUTH.get(text.lower(), text)
    if kind is int:
        return int(text) if re.fullmatch(r"-?[0-9]{1,18}", text) else text
    if kind == tuple[str, ...]:
        return [part.strip() for part in text.split(",") if part.strip()]
    return text


def _read(name: str, value: object, place: str) -> Any:
    """Return a value as its setting holds it. Raises SettingsError."""
    if name not in _KINDS:
        raise _unknown(place, name, _KINDS)
    read, expected = _reader(_KINDS[name])
    try:
        found = read(value)
    except ValueError:
        raise SettingsError(f"{place} must be {expected}{_instead(name, value)}") from None
    is_allowed, allowed = _LIMITS.get(name, (lambda _: True, ""))
    if not is_allowed(found):
        raise SettingsError(f"{place} must be {allowed}{_instead(name, value)}")
    return found


def _instead(name: str, value: object) -> str:
    """Say what was found, and what is near it; never a secret."""
    if name in _SECRET:
        return ""
    near = _nearest(str(value), get_args(_KINDS[name])) if get_origin(_KINDS[name]) is Literal else ""
    return f", not {str(value)[:100]!r}{near}"


def _reader(kind: Any) -> tuple[Callable[[object], Any], str]:
    """Return what reads values of a kind, raising ValueError, and what it expects."""
    if get_origin(kind) is Literal:
        return lambda value: _one_of(value, get_args(kind)), f"one of: {', '.join(get_args(kind))}"
    return _READERS[kind]


def _one_of(value: object, known: tuple[str, ...]) -> object:
    return value if value in known else _refuse()


def _typed(kind: type) -> Callable[[object], object]:
    return lambda value: value if type(value) is kind else _refuse()


def _text(value: object) -> object:
    return value if isinstance(value, str) and value else _refuse()


def _path(value: object) -> object:
    return value if isinstance(value, Path) else Path(str(_text(value)))


def _texts(value: object) -> object:
    return tuple(_text(each) for each in value) if isinstance(value, list | tuple) else _refuse()


def _refuse() -> object:
    raise ValueError


_READERS: dict[Any, tuple[Callable[[object], Any], str]] = {
    bool: (_typed(bool), "true or false"),
    bool | None: (_typed(bool), "true or false"),
    int: (_typed(int), "a whole number"),
    str: (_text, "a text"),
    str | None: (_text, "a text"),
    Path | None: (_path, "a path"),
    tuple[str, ...]: (_texts, "a list of texts"),
}


def _is_host(text: str) -> bool:
    """Whether a text is a network, or a name that is none of the odd ways to write an address."""
    try:
        ipaddress.ip_network(text)
    except ValueError:
        last = text.rstrip(".").rpartition(".")[2]
        return _HOST.fullmatch(text) is not None and re.fullmatch(r"0[xX].*|[0-9]*", last) is None
    return True


_ORIGIN = re.compile(r"https?://([a-z0-9.-]+|\[[0-9a-f:]+\])(:[0-9]{1,5})?")
_SERVICE = re.compile(r"[A-Za-z0-9._-]+=https?://[^\s=]\S*")
_HOST = re.compile(r"(\*\.)?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?")
_EVENT_KEY = re.compile(r"[^=\s]+=(/[^/=]+)+")
_VISIBLE = re.compile(r"[\x21-\x7e]{16,}")
_LIMITS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "port": (lambda port: 0 <= port <= 65535, "from 0 to 65535"),
    "largest_body_bytes": (lambda size: size > 0, "at least 1"),
    "services": (
        lambda pairs: all(_SERVICE.fullmatch(pair) for pair in pairs),
        "a list of name=URL, such as budapp=https://budapp.example.com",
    ),
    "topics": (
        lambda pairs: all(_SERVICE.fullmatch(pair) for pair in pairs),
        "a list of name=URL, such as budAppMessages=https://budapp.example.com/messages",
    ),
    "dapr_url": (lambda url: url.startswith(("http://", "https://")), "an http or https URL"),
    "pubsub": (lambda name: re.fullmatch(r"[A-Za-z0-9._-]+", name) is not None, "the name of a component of Dapr"),
    "allowed_hosts": (
        lambda hosts: all(_is_host(host) for host in hosts),
        "a list of host names, such as *.example.com, and networks, such as 10.1.0.0/16",
    ),
    "outbound_bytes": (lambda size: size > 0, "at least 1"),
    "outbound_redirects": (lambda number: 0 <= number <= 20, "from 0 to 20"),
    "event_keys": (
        lambda places: all(_EVENT_KEY.fullmatch(place) for place in places),
        "a list of source=/json/pointer, such as budsim=/payload/run_id",
    ),
    "public_url": (lambda url: url.startswith(("http://", "https://")), "an http or https URL"),
    "worker_capacity": (lambda size: 1 <= size <= 10_000, "from 1 to 10000"),
    "lease_seconds": (lambda seconds: 1 <= seconds <= 3600, "from 1 to 3600"),
    "shutdown_seconds": (lambda seconds: 0 <= seconds <= 3600, "from 0 to 3600"),
    "cors_origins": (
        lambda origins: all(_ORIGIN.fullmatch(origin) for origin in origins),
        "origins in lower case, such as https://admin.example.com, and never *",
    ),
    "jwt_jwks": (lambda place: "://" not in place or is_safe_url(place), "a file or an https URL"),
    "proxy_credential": (
        lambda secret: _VISIBLE.fullmatch(secret) is not None,
        "at least 16 visible ASCII characters, without spaces",
    ),
}
"""What a setting's value must hold beside its type, and how that is said."""


def _unknown(place: str, word: str, known: Iterable[str]) -> SettingsError:
    return SettingsError(f"{place} is no setting{_nearest(word, known)}")


def _nearest(word: str, known: Iterable[str]) -> str:
    import difflib

    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else ""
