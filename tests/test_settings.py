"""Settings: where they come from, what is wrong with them, and that their documentation is true."""

import ast
import dataclasses
import inspect
import re
from pathlib import Path
from typing import Any

import pytest

from bud_server import settings as module
from bud_server.settings import Settings, SettingsError, check_settings, is_loopback, is_safe_url, load_settings

ROOT = Path(__file__).parent.parent
NAMES = [field.name for field in dataclasses.fields(Settings)]


def write(folder: Path, text: str) -> Path:
    path = folder / "bud.toml"
    path.write_text(text)
    return path


def test_the_defaults() -> None:
    assert load_settings({}, None, {}) == Settings()
    assert (Settings().host, Settings().port, Settings().auth) == ("127.0.0.1", 8010, "none")


def test_later_places_win(tmp_path: Path) -> None:
    path = write(tmp_path, '[server]\nhost = "a.example"\nport = 1\nlargest_body_bytes = 10\nlog_format = "json"\n')

    found = load_settings({"BUD_HOST": "b.example", "BUD_PORT": "2", "HOME": "/"}, path, {"host": "c", "port": None})

    assert (found.host, found.port, found.largest_body_bytes, found.log_format) == ("c", 2, 10, "json")


def test_every_setting_can_be_a_variable() -> None:
    environ = {
        "BUD_HOST": "::1",
        "BUD_PORT": "0",
        "BUD_LARGEST_BODY_BYTES": "2048",
        "BUD_CORS_ORIGINS": "https://a.example, http://localhost:3000,",
        "BUD_AUTH": "jwt",
        "BUD_API_KEYS_FILE": "keys.txt",
        "BUD_JWT_JWKS": "https://id.example/jwks.json",
        "BUD_JWT_AUDIENCE": "bud",
        "BUD_JWT_ISSUER": "https://id.example/",
        "BUD_JWT_PERMISSIONS_CLAIM": "scope",
        "BUD_PROXY_CREDENTIAL": "0123456789abcdef",
        "BUD_ALLOW_BROKEN": "yes",
        "BUD_STRICT": "off",
        "BUD_LOG_FORMAT": "json",
        "BUD_DATABASE": "postgresql://bud@db/bud",
        "BUD_SECRET_KEY": "k" * 43 + "=",
        "BUD_SERVICES": "budapp=https://budapp.example, budsim=http://localhost:1",
        "BUD_TOPICS": "budAppMessages=https://budapp.example/messages",
        "BUD_DAPR_URL": "http://127.0.0.1:3500",
        "BUD_DAPR_API_TOKEN": "sidecar",
        "BUD_PUBSUB": "bud-pubsub",
        "BUD_ALLOWED_HOSTS": "*.bud.example, 10.1.0.0/16",
        "BUD_OUTBOUND_BYTES": "4096",
        "BUD_OUTBOUND_REDIRECTS": "3",
        "BUD_PUBLIC_URL": "https://bud.example",
        "BUD_EVENT_SECRET": "s" * 32,
        "BUD_EVENT_KEYS": "budsim=/payload/run_id",
        "BUD_APP_API_TOKEN": "dapr",
        "BUD_WORKER_CAPACITY": "4",
        "BUD_LEASE_SECONDS": "5",
        "BUD_SHUTDOWN_SECONDS": "0",
    }

    found = load_settings(environ, None, {})

    assert set(environ) == {f"BUD_{name.upper()}" for name in NAMES}
    assert found == Settings(
        host="::1",
        port=0,
        largest_body_bytes=2048,
        cors_origins=("https://a.example", "http://localhost:3000"),
        auth="jwt",
        api_keys_file=Path("keys.txt"),
        jwt_jwks="https://id.example/jwks.json",
        jwt_audience="bud",
        jwt_issuer="https://id.example/",
        jwt_permissions_claim="scope",
        proxy_credential="0123456789abcdef",
        allow_broken=True,
        strict=False,
        log_format="json",
        database="postgresql://bud@db/bud",
        secret_key="k" * 43 + "=",
        services=("budapp=https://budapp.example", "budsim=http://localhost:1"),
        topics=("budAppMessages=https://budapp.example/messages",),
        dapr_url="http://127.0.0.1:3500",
        dapr_api_token="sidecar",
        pubsub="bud-pubsub",
        allowed_hosts=("*.bud.example", "10.1.0.0/16"),
        outbound_bytes=4096,
        outbound_redirects=3,
        public_url="https://bud.example",
        event_secret="s" * 32,
        event_keys=("budsim=/payload/run_id",),
        app_api_token="dapr",
        worker_capacity=4,
        lease_seconds=5,
        shutdown_seconds=0,
    )


def test_other_tools_of_the_platform_know_some_settings_by_other_names() -> None:
    named = {"BUD_DATABASE_URL": "sqlite:///one.db", "APP_API_TOKEN": "dapr"}
    settings = load_settings(named, None, {})

    assert (settings.database, settings.app_api_token) == ("sqlite:///one.db", "dapr")
    assert load_settings({**named, "BUD_DATABASE": "sqlite:///two.db"}, None, {}).database == "sqlite:///two.db"


def test_an_empty_variable_is_not_set(tmp_path: Path) -> None:
    path = write(tmp_path, "[server]\nport = 1\n")

    assert load_settings({"BUD_PORT": "", "BUD_DEBUG": "1"}, path, {}).port == 1


def test_paths_in_the_file_are_relative_to_it(tmp_path: Path) -> None:
    found = load_settings({}, write(tmp_path, '[server]\napi_keys_file = "keys"\njwt_jwks = "jwks.json"\n'), {})
    url = load_settings({}, write(tmp_path, '[server]\njwt_jwks = "https://id.example/jwks"\n'), {})

    assert found.api_keys_file == tmp_path / "keys"
    assert found.jwt_jwks == str(tmp_path / "jwks.json")
    assert url.jwt_jwks == "https://id.example/jwks"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[server]\nprot = 1\n", "[server] prot is no setting; did you mean port?"),
        ("[server]\nzzz = 1\n", "[server] zzz is no setting"),
        ("[sever]\nport = 1\n", "[sever] is unknown; settings stand under [server]"),
        ("server = 1\n", "server must be a table: write [server], and the settings below it"),
        ("[server]\nport = '80'\n", "[server] port must be a whole number, not '80'"),
        ("[server]\nport = true\n", "[server] port must be a whole number, not 'True'"),
        ("[server]\nport = 65536\n", "[server] port must be from 0 to 65535, not '65536'"),
        ("[server]\nlargest_body_bytes = 0\n", "[server] largest_body_bytes must be at least 1, not '0'"),
        ("[server]\nallow_broken = 1\n", "[server] allow_broken must be true or false, not '1'"),
        ("[server]\nhost = ''\n", "[server] host must be a text, not ''"),
        ("[server]\napi_keys_file = 1\n", "[server] api_keys_file must be a path, not '1'"),
        ("[server]\ncors_origins = 'https://a.example'\n", "[server] cors_origins must be a list of texts"),
        ("[server]\ncors_origins = [1]\n", "[server] cors_origins must be a list of texts"),
        ("[server\n", "is not TOML"),
    ],
)
def test_the_file_is_held_to_the_settings(tmp_path: Path, text: str, message: str) -> None:
    path = write(tmp_path, text)

    with pytest.raises(SettingsError) as raised:
        load_settings({}, path, {})

    assert str(raised.value).startswith(str(path))
    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("variable", "text", "message"),
    [
        ("BUD_PROT", "1", "the variable BUD_PROT is no setting; did you mean BUD_PORT?"),
        ("BUD_PORT", "tcp://10.0.0.1:80", "BUD_PORT must be a whole number, not 'tcp://10.0.0.1:80'"),
        ("BUD_PORT", "9" * 5000, "BUD_PORT must be a whole number"),
        ("BUD_PORT", "-1", "BUD_PORT must be from 0 to 65535, not '-1'"),
        ("BUD_ALLOW_BROKEN", "maybe", "BUD_ALLOW_BROKEN must be true or false, not 'maybe'"),
        ("BUD_AUTH", "jwtt", "BUD_AUTH must be one of: none, api-key, jwt, not 'jwtt'; did you mean jwt?"),
        ("BUD_LOG_FORMAT", "xml", "BUD_LOG_FORMAT must be one of: text, json, not 'xml'"),
        ("BUD_CORS_ORIGINS", "*", "BUD_CORS_ORIGINS must be origins in lower case"),
        ("BUD_CORS_ORIGINS", "https://a.example,https://*.example", "and never *"),
        ("BUD_CORS_ORIGINS", "https://a.example/", "such as https://admin.example.com"),
        ("BUD_CORS_ORIGINS", "null", "such as https://admin.example.com"),
        ("BUD_JWT_JWKS", "http://id.example/jwks", "BUD_JWT_JWKS must be a file or an https URL"),
        ("BUD_JWT_JWKS", "file:///etc/passwd", "BUD_JWT_JWKS must be a file or an https URL"),
    ],
)
def test_variables_are_held_to_the_settings(variable: str, text: str, message: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(message)):
        load_settings({variable: text}, None, {})


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("prot", 1, "--prot is no setting; did you mean port?"),
        ("largest_body_bytes", -1, "--largest-body-bytes must be at least 1, not '-1'"),
        ("auth", "all", "--auth must be one of: none, api-key, jwt, not 'all'"),
    ],
)
def test_the_command_line_is_held_to_the_settings(name: str, value: object, message: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(message)):
        load_settings({}, None, {name: value})


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"bud\.toml is missing"):
        load_settings({}, tmp_path / "bud.toml", {})
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings({}, tmp_path, {})


def test_a_secret_is_never_shown() -> None:
    with pytest.raises(SettingsError) as raised:
        load_settings({"BUD_PROXY_CREDENTIAL": "hunter2"}, None, {})

    assert "hunter2" not in str(raised.value)
    assert "0123456789abcdef" not in repr(Settings(proxy_credential="0123456789abcdef"))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.168.1.2", "example.com", "127.0.0.1.example.com", "*"])
def test_auth_none_is_refused_where_others_can_reach_it(host: str) -> None:
    with pytest.raises(SettingsError, match=r'set auth \(BUD_AUTH\) to "api-key" or "jwt", or host \(BUD_HOST\) to'):
        check_settings(Settings(host=host))
    check_settings(Settings(host=host, auth="api-key", api_keys_file=Path("keys")))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "[::1]", "localhost"])
def test_auth_none_is_fine_on_loopback(host: str) -> None:
    assert is_loopback(host)
    check_settings(Settings(host=host))


@pytest.mark.parametrize("name", ["services", "topics"])
def test_urls_and_dapr_do_not_go_together(name: str) -> None:
    message = rf"leave out dapr_url \(BUD_DAPR_URL\) or {name} \(BUD_{name.upper()}\)"
    both: dict[str, Any] = {name: ("a=http://a",), "dapr_url": "http://127.0.0.1:3500"}
    with pytest.raises(SettingsError, match=message):
        check_settings(Settings(**both))


@pytest.mark.parametrize(
    "host", ["a.example", "*.a.example", "10.0.0.0/8", "127.0.0.1", "::1", "fd00::/8", "a_b", "A."]
)
def test_a_host_can_be_allowed(host: str) -> None:
    assert load_settings({"BUD_ALLOWED_HOSTS": host}, None, {}).allowed_hosts == (host,)


@pytest.mark.parametrize(
    "host",
    ["*", "a.*.example", "http://a.example", "a.example:80", "127.1", "0x7f.1", "2130706433", "10.0.0.1/8", "a b"],
)
def test_what_is_no_host_cannot_be_allowed(host: str) -> None:
    with pytest.raises(SettingsError, match="must be a list of host names, such as"):
        load_settings({"BUD_ALLOWED_HOSTS": host}, None, {})


def test_what_an_auth_needs_is_named() -> None:
    with pytest.raises(SettingsError, match=r"set api_keys_file \(BUD_API_KEYS_FILE\)"):
        check_settings(Settings(auth="api-key"))
    with pytest.raises(SettingsError, match=r"set jwt_audience \(BUD_JWT_AUDIENCE\) and jwt_issuer \(BUD_JWT_ISSUER\)"):
        check_settings(Settings(auth="jwt", jwt_jwks="jwks.json"))
    check_settings(Settings(auth="jwt", jwt_jwks="jwks.json", jwt_audience="a", jwt_issuer="i"))


@pytest.mark.parametrize(
    ("url", "is_safe"),
    [
        ("https://id.example/jwks", True),
        ("http://127.0.0.1:80/jwks", True),
        ("http://[::1]/jwks", True),
        ("http://localhost/jwks", True),
        ("http://id.example/jwks", False),
        ("http://127.0.0.1@id.example/jwks", False),
        ("http://127.0.0.1.example/jwks", False),
        ("ftp://127.0.0.1/jwks", False),
        ("https:///jwks", False),
        ("https://[::1/jwks", False),
    ],
)
def test_urls_that_nobody_can_change_on_the_way(url: str, is_safe: bool) -> None:
    assert is_safe_url(url) == is_safe


def test_the_documentation_lists_every_setting_as_it_is() -> None:
    rows = re.findall(r"^\| `.*\|$", (ROOT / "docs/settings.md").read_text(), re.MULTILINE)

    assert rows == [row(name) for name in NAMES], "\n" + "\n".join(row(name) for name in NAMES)


def row(name: str) -> str:
    """Return what the documentation must say of a setting."""
    return f"| `{name}` | `BUD_{name.upper()}` | {shown(getattr(Settings(), name))} | {docstrings()[name]} |"


def shown(default: Any) -> str:
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    return "" if default in (None, ()) else f"`{default}`"


def docstrings() -> dict[str, str]:
    """Return what the source says under each setting."""
    (declared,) = ast.parse(inspect.getsource(module.Settings)).body
    assert isinstance(declared, ast.ClassDef)
    pairs = zip(declared.body, declared.body[1:], strict=False)
    return {
        setting.target.id: " ".join(said.value.value.split())
        for setting, said in pairs
        if isinstance(setting, ast.AnnAssign)
        and isinstance(setting.target, ast.Name)
        and isinstance(said, ast.Expr)
        and isinstance(said.value, ast.Constant)
        and isinstance(said.value.value, str)
    }
