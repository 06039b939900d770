"""Who asks, and what they may do: real keys, real tokens, a real server of keys."""

import asyncio
import base64
import json
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from bud_server.app import create_app
from bud_server.auth.api_keys import ApiKeys, ApiKeysError, new_key
from bud_server.auth.authenticator import Authenticator, BehindProxy, Open, authenticator_for
from bud_server.auth.identity import ANYONE, NOBODY, Subject, UnavailableError
from bud_server.auth.middleware import Authentication, guarded
from bud_server.auth.permissions import ForbiddenError, forbidden_response, require, respond_to_forbidden
from bud_server.auth.routes import AUTHENTICATED, NEEDS, PUBLIC, SIGNED, Need, undeclared
from bud_server.auth.tokens import KeysError, KeySet, Tokens, parse_keys, read_keys
from bud_server.serving import installed_catalog
from bud_server.settings import Settings, SettingsError

ISSUER, AUDIENCE = "https://id.example/", "bud"
PROXY = "a-secret-of-the-proxy"
Claims = dict[str, Any]


# --- a small application ---


async def whoami(request: Request) -> Response:
    subject: Subject = request.scope["subject"]
    return JSONResponse({"id": subject.id, "is_anonymous": subject.is_anonymous})


async def write(request: Request) -> Response:
    require(request.scope["subject"], ["model:read", "model:write"])
    return JSONResponse({})


def client_of(authenticator: Authenticator, needs: Mapping[str, Need] = NEEDS, *undeclared_paths: str) -> TestClient:
    """Return a client of an application that has every route of a mapping, and some beside it."""
    paths = [path for path in needs if "{" not in path] + [path for path in needs if "{" in path]
    routes = [Route(path, whoami, methods=["GET", "POST"]) for path in (*undeclared_paths, *paths)]
    app = Starlette(
        routes=guarded(routes, needs),
        middleware=[Middleware(Authentication, authenticator=authenticator, needs=needs)],
        exception_handlers={ForbiddenError: respond_to_forbidden},
    )
    return TestClient(app)


def bearer(credential: str) -> dict[bytes, bytes]:
    return {b"Authorization": f"Bearer {credential}".encode("latin-1")}


def assert_problem(answer: Any, status: int, said: str) -> None:
    assert answer.status_code == answer.json()["status"] == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert said in answer.json()["detail"]
    if status == 401:
        assert answer.headers["www-authenticate"].startswith('Bearer realm="bud"')


# --- permissions ---


@pytest.mark.parametrize(
    ("held", "needed", "has"),
    [
        ("model:write", "model:write", True),
        ("model:write", "model:read", False),
        ("model:*", "model:write", True),
        ("model:*", "models:write", False),
        ("model:*", "cluster:write", False),
        ("*", "cluster:write", True),
        ("*:read", "model:read", False),
        ("model", "model:read", False),
        ("mod*", "model:read", False),
        ("", "model:read", False),
    ],
)
def test_permissions_and_their_wildcards(held: str, needed: str, has: bool) -> None:
    assert Subject("a", frozenset({held})).has(needed) == has


def test_the_first_missing_permission_is_named() -> None:
    subject = Subject("a", frozenset({"model:read"}))

    require(subject, [])
    require(subject, ["model:read"])
    with pytest.raises(ForbiddenError, match="model:write") as raised:
        require(subject, ["model:read", "model:write", "cluster:read"])
    assert raised.value.permission == "model:write"


def test_a_missing_permission_in_a_handler_is_a_403(tmp_path: Path) -> None:
    keys = keys_file(tmp_path, reader=["model:read"], writer=["model:*"])
    app = Starlette(
        routes=guarded([Route("/models", write)], {"/models": AUTHENTICATED}),
        middleware=[Middleware(Authentication, authenticator=ApiKeys(keys.path))],
        exception_handlers={ForbiddenError: respond_to_forbidden},
    )
    client = TestClient(app)

    assert client.get("/models", headers=bearer(keys.of["writer"])).status_code == 200
    answer = client.get("/models", headers=bearer(keys.of["reader"]))
    assert_problem(answer, 403, "This needs the permission 'model:write'")
    challenge = 'Bearer realm="bud", error="insufficient_scope", scope="model:write"'
    assert answer.headers["www-authenticate"] == challenge


def test_a_permission_from_outside_never_breaks_a_header() -> None:
    assert "www-authenticate" not in forbidden_response('x"\r\nSet-Cookie: a=b').headers


# --- API keys ---


@dataclass
class KeysFile:
    path: Path
    of: dict[str, str]


def keys_file(folder: Path, **permissions: list[str]) -> KeysFile:
    made = {name: new_key(name, granted) for name, granted in permissions.items()}
    path = folder / "keys.txt"
    path.write_text("# who may ask\n\n" + "".join(f"{line}\n" for _, line in made.values()))
    return KeysFile(path, {name: key for name, (key, _) in made.items()})


def test_a_key_is_long_random_and_nowhere_in_the_file(tmp_path: Path) -> None:
    keys = keys_file(tmp_path, ci=["model:read", "cluster:*"], ops=["*"])
    text = keys.path.read_text()

    for key in keys.of.values():
        assert key.startswith("bud_")
        assert len(base64.urlsafe_b64decode(key.removeprefix("bud_") + "=")) == 32
        assert key not in text
        assert key.removeprefix("bud_") not in text
    assert len(set(keys.of.values())) == 2
    assert ":cluster:*,model:read\n" in text


@pytest.mark.parametrize(
    "headers",
    [bearer, lambda key: {b"X-API-Key": key.encode()}, lambda key: {b"Authorization": f"bearer  {key}".encode()}],
)
def test_a_key_tells_who_asks(tmp_path: Path, headers: Callable[[str], dict[bytes, bytes]]) -> None:
    keys = keys_file(tmp_path, ci=["model:read"], ops=["*"])
    client = client_of(ApiKeys(keys.path))

    assert client.get("/actions", headers=headers(keys.of["ops"])).json() == {"id": "ops", "is_anonymous": False}
    assert client.get("/actions", headers=headers(keys.of["ci"])).json()["id"] == "ci"


def test_a_wrong_key_is_refused(tmp_path: Path) -> None:
    keys = keys_file(tmp_path, ci=[])
    client = client_of(ApiKeys(keys.path))
    key = keys.of["ci"]
    hashed = keys.path.read_text().splitlines()[-1].split(":")[1]

    for wrong in (new_key("ci", [])[0], key[:-1], key + "a", key.upper(), hashed, "caf\u00e9"):
        assert_problem(client.get("/actions", headers=bearer(wrong)), 401, "The API key is unknown")
    answer = client.get("/actions", headers=bearer("bud_wrong"))
    assert answer.headers["www-authenticate"] == 'Bearer realm="bud", error="invalid_token"'


def test_no_credential_is_no_wrong_credential(tmp_path: Path) -> None:
    answer = client_of(ApiKeys(keys_file(tmp_path).path)).get("/actions")

    assert_problem(answer, 401, "send Authorization: Bearer")
    assert answer.headers["www-authenticate"] == 'Bearer realm="bud"'


@pytest.mark.parametrize("value", ["Basic YTpi", "Bearer", "Bearer ", "bud_key", ""])
def test_another_kind_of_credential_is_refused(tmp_path: Path, value: str) -> None:
    client = client_of(ApiKeys(keys_file(tmp_path).path))

    assert_problem(client.get("/actions", headers={"Authorization": value}), 401, "must be: Bearer")


def test_a_credential_given_twice_is_refused(tmp_path: Path) -> None:
    keys = keys_file(tmp_path, ci=[], ops=[])
    client = client_of(ApiKeys(keys.path))
    twice = [("X-API-Key", keys.of["ci"]), ("X-API-Key", keys.of["ops"])]

    assert_problem(client.get("/actions", headers=twice), 401, "x-api-key is given twice")


def test_the_file_is_read_again_when_it_changes(tmp_path: Path) -> None:
    keys = keys_file(tmp_path, old=[])
    client = client_of(ApiKeys(keys.path))
    key, line = new_key("fresh", [])

    assert client.get("/actions", headers=bearer(key)).status_code == 401
    keys.path.write_text(f"{line}\n")
    os.utime(keys.path, ns=(1, 1))
    assert client.get("/actions", headers=bearer(key)).json()["id"] == "fresh"
    assert client.get("/actions", headers=bearer(keys.of["old"])).status_code == 401


def test_a_file_damaged_later_lets_nobody_in_until_it_is_mended(tmp_path: Path) -> None:
    keys = keys_file(tmp_path, ci=[])
    client = client_of(ApiKeys(keys.path))
    good = keys.path.read_text()

    for damage in (lambda: keys.path.write_text("ci"), keys.path.unlink):
        damage()
        for _ in range(2):
            answer = client.get("/actions", headers=bearer(keys.of["ci"]))
            assert_problem(answer, 503, "cannot check credentials now")
            assert str(tmp_path) not in answer.text
            assert answer.headers["retry-after"] == "10"
        assert client.get("/health").status_code == 200
        keys.path.write_text(good)
        assert client.get("/actions", headers=bearer(keys.of["ci"])).status_code == 200


HASH = "0" * 64


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"ci", "the line must be name:hash:permissions"),
        (f"ci:{HASH}".encode(), "the line must be name:hash:permissions"),
        (f":{HASH}:".encode(), "the name must be"),
        (f"a b:{HASH}:".encode(), "the name must be"),
        (b"ci:1234:", "the hash must be the 64 hex digits"),
        (f"ci:{'A' * 64}:".encode(), "the hash must be the 64 hex digits"),
        (b"ci:bud_secretsecret:", "this is a key, not its hash"),
        (f"ci:{HASH}:*:read".encode(), "the permission '*:read' must be resource:verb, resource:* or *"),
        (f"ci:{HASH}:model:read,".encode(), "the permission '' must be"),
        (f"ci:{HASH}:model".encode(), "the permission 'model' must be"),
        (f"ok:{'1' * 64}:".encode(), "the name ok is given twice"),
        (f"other:{'1' * 64}:".encode(), "this key stands on another line too"),
        (b"\xff", "the line is not UTF-8"),
    ],
)
def test_a_damaged_line_is_named_and_never_quoted(tmp_path: Path, line: bytes, message: str) -> None:
    path = tmp_path / "keys.txt"
    path.write_bytes(f"# keys\nok:{'1' * 64}:*\n".encode() + line + b"\n")

    with pytest.raises(ApiKeysError) as raised:
        ApiKeys(path)

    assert str(raised.value).startswith(f"{path}:3: ")
    assert message in str(raised.value)
    assert "bud_secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("name", "permissions"), [("a:b", []), ("", []), ("a\nb", []), ("ci", ["a b"]), ("ci", ["x,y"])]
)
def test_no_key_is_made_that_could_not_be_read(name: str, permissions: list[str]) -> None:
    with pytest.raises(ValueError, match="must be"):
        new_key(name, permissions)


# --- tokens ---


@cache
def rsa_key(_name: str) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def ec_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@cache
def ed_key() -> ed25519.Ed25519PrivateKey:
    return ed25519.Ed25519PrivateKey.generate()


def jwk_of(name: str) -> dict[str, Any]:
    """Return the public key that tokens named `ec`, `ed` or otherwise (RSA) are checked with."""
    if name == "ec":
        return {**ECAlgorithm.to_jwk(ec_key().public_key(), as_dict=True), "kid": name}
    if name == "ed":
        return {**OKPAlgorithm.to_jwk(ed_key().public_key(), as_dict=True), "kid": name}
    return {**RSAAlgorithm.to_jwk(rsa_key(name).public_key(), as_dict=True), "kid": name}


def jwks(*names: str) -> bytes:
    return json.dumps({"keys": [jwk_of(name) for name in names]}).encode()


def claims(**changed: Any) -> Claims:
    """Return good claims, changed; None leaves one out."""
    now = int(time.time())
    good = {"sub": "ann", "aud": AUDIENCE, "iss": ISSUER, "exp": now + 300, "permissions": ["model:read"]}
    return {name: value for name, value in (good | changed).items() if value is not None}


def token(changed: Claims | None = None, kid: str | None = "one", algorithm: str = "RS256") -> str:
    key = ec_key() if algorithm == "ES256" else ed_key() if algorithm == "EdDSA" else rsa_key(kid or "one")
    return jwt.encode(claims(**changed or {}), key, algorithm, headers={"kid": kid} if kid else None)


def forged(head: dict[str, Any], body: Claims, signature: bytes = b"") -> str:
    parts = (json.dumps(head).encode(), json.dumps(body).encode(), signature)
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


@dataclass
class Issuer:
    """Serves keys on loopback."""

    body: bytes
    status: int = 200
    location: str | None = None
    fetched: int = 0
    url: str = ""
    asked: threading.Event = field(default_factory=threading.Event)
    may_answer: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    state = Issuer(jwks("one"))
    state.may_answer.set()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.fetched += 1
            state.asked.set()
            state.may_answer.wait(20)
            self.send_response(state.status)
            if state.location:
                self.send_header("Location", state.location)
            self.end_headers()
            self.wfile.write(state.body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        state.url = f"http://127.0.0.1:{server.server_port}/jwks.json"
        yield state
        server.shutdown()


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def tokens_of(issuer: Issuer, clock: Clock | None = None) -> Tokens:
    return Tokens(KeySet(partial(read_keys, issuer.url), clock or Clock()), AUDIENCE, ISSUER, "permissions")


def jwt_settings(place: str, **changed: Any) -> Settings:
    return Settings(auth="jwt", jwt_jwks=place, jwt_audience=AUDIENCE, jwt_issuer=ISSUER, **changed)


@pytest.fixture(scope="module")
def token_client(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    path = tmp_path_factory.mktemp("jwks") / "jwks.json"
    path.write_bytes(jwks("one", "ec", "ed"))
    return client_of(authenticator_for(jwt_settings(str(path))))


@pytest.mark.parametrize(("algorithm", "kid"), [("RS256", "one"), ("ES256", "ec"), ("EdDSA", "ed")])
def test_a_token_tells_who_asks(token_client: TestClient, algorithm: str, kid: str) -> None:
    answer = token_client.get("/actions", headers=bearer(token(kid=kid, algorithm=algorithm)))

    assert answer.json() == {"id": "ann", "is_anonymous": False}


def test_clocks_may_differ_a_little(token_client: TestClient) -> None:
    now = int(time.time())

    for changed in ({"exp": now - 15}, {"nbf": now + 15, "iat": now + 15}, {"aud": ["other", AUDIENCE]}):
        assert token_client.get("/actions", headers=bearer(token(changed))).status_code == 200


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"exp": 1}, "The token has expired"),
        ({"exp": None}, "The token has no exp"),
        ({"exp": "soon"}, "The token is not valid"),
        ({"exp": float("inf")}, "The token is not valid"),
        ({"nbf": 2**40}, "The token is not valid yet"),
        ({"aud": "another"}, "The token is for another audience"),
        ({"aud": None}, "The token has no aud"),
        ({"aud": []}, "The token has no aud"),
        ({"iss": "https://id.example"}, "The token is from another issuer"),
        ({"iss": None}, "The token has no iss"),
        ({"sub": None}, "The token has no sub"),
        ({"sub": ""}, "The sub of the token must be 1 to 200 visible ASCII characters"),
        ({"permissions": 1}, "permissions must be a list of texts"),
        ({"permissions": [1]}, "permissions must be a list of texts"),
        ({"permissions": {"*": True}}, "permissions must be a list of texts"),
    ],
)
def test_a_token_with_wrong_claims_is_refused(token_client: TestClient, changed: Claims, said: str) -> None:
    answer = token_client.get("/actions", headers=bearer(token(changed)))

    assert_problem(answer, 401, said)
    assert answer.headers["www-authenticate"].endswith('error="invalid_token"')


def tampered() -> str:
    head, _, signature = token().split(".")
    return f"{head}.{forged({}, claims(permissions=['*'])).split('.')[1]}.{signature}"


def public_pem() -> bytes:
    encoding, form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    return rsa_key("one").public_key().public_bytes(encoding, form)


def signed_with_the_public_key() -> str:
    """Return a token whose "secret" is what everybody knows."""
    import hashlib
    import hmac

    unsigned = forged({"alg": "HS256", "kid": "one"}, claims()).rsplit(".", 1)[0]
    signature = hmac.new(public_pem(), unsigned.encode(), hashlib.sha256).digest()
    return f"{unsigned}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


FORGERIES: dict[str, tuple[Callable[[], str], str]] = {
    "alg none": (lambda: forged({"alg": "none", "kid": "one"}, claims()), "must be signed with RS256, ES256, EdDSA"),
    "alg None": (lambda: forged({"alg": "None", "kid": "one"}, claims()), "must be signed with"),
    "no alg": (lambda: forged({"kid": "one"}, claims()), "must be signed with"),
    "alg list": (lambda: forged({"alg": ["RS256"], "kid": "one"}, claims()), "must be signed with"),
    "unsigned": (lambda: forged({"alg": "RS256", "kid": "one"}, claims()), "signature is wrong"),
    "tampered": (tampered, "signature is wrong"),
    "HS256 with the public key": (signed_with_the_public_key, "must be signed with"),
    "RS512": (lambda: token(algorithm="RS512"), "must be signed with"),
    "another key's algorithm": (lambda: token(kid="ec"), "another algorithm than its key is for"),
    "another key": (
        lambda: jwt.encode(claims(), rsa_key("mallory"), "RS256", headers={"kid": "one"}),
        "signature is wrong",
    ),
    "own key inside": (
        lambda: jwt.encode(claims(), rsa_key("mallory"), "RS256", headers={"jwk": jwk_of("mallory"), "kid": "mallory"}),
        "does not publish",
    ),
    "no kid of several": (lambda: token(kid=None), "does not publish"),
    "kid is no text": (lambda: forged({"alg": "RS256", "kid": ["one"]}, claims()), "not a token"),
    "junk": (lambda: "junk", "not a token"),
    "dots": (lambda: "..", "not a token"),
    "latin-1": (lambda: "\u00e9.\u00e9.\u00e9", "not a token"),
    "deep": (lambda: base64.urlsafe_b64encode(b"[" * 9000).decode() + ".e30.e30", "not a token"),
    "API key": (lambda: new_key("ci", [])[0], "not a token"),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_token_is_refused(token_client: TestClient, name: str) -> None:
    make, said = FORGERIES[name]

    assert_problem(token_client.get("/actions", headers=bearer(make())), 401, said)


def test_permissions_may_be_a_text_and_the_claim_is_configured(tmp_path: Path) -> None:
    (tmp_path / "jwks.json").write_bytes(jwks("one"))
    settings = jwt_settings(str(tmp_path / "jwks.json"), jwt_permissions_claim="scope")
    client = client_of(authenticator_for(settings), {"/models": "model:read"})

    for scope, status in (("openid model:read", 200), ("openid", 403), (["model:*"], 200), (None, 403)):
        assert client.get("/models", headers=bearer(token({"scope": scope}))).status_code == status


def test_keys_are_fetched_when_first_needed_and_kept(issuer: Issuer) -> None:
    clock = Clock()
    client = client_of(tokens_of(issuer, clock))
    assert issuer.fetched == 0

    for _ in range(3):
        assert client.get("/actions", headers=bearer(token())).status_code == 200
    assert issuer.fetched == 1
    clock.now += 601
    assert client.get("/actions", headers=bearer(token())).status_code == 200
    assert issuer.fetched == 2


def test_the_only_key_needs_no_id(issuer: Issuer) -> None:
    assert client_of(tokens_of(issuer)).get("/actions", headers=bearer(token(kid=None))).status_code == 200


def test_an_unknown_key_is_looked_for_once_a_minute(issuer: Issuer) -> None:
    clock = Clock()
    client = client_of(tokens_of(issuer, clock))
    assert client.get("/actions", headers=bearer(token())).status_code == 200
    issuer.body = jwks("one", "two")

    assert client.get("/actions", headers=bearer(token(kid="two"))).status_code == 200
    assert issuer.fetched == 2
    for _ in range(5):
        assert_problem(client.get("/actions", headers=bearer(token(kid="three"))), 401, "does not publish")
    assert issuer.fetched == 2
    clock.now += 61
    issuer.body = jwks("three")
    assert client.get("/actions", headers=bearer(token(kid="three"))).status_code == 200
    assert_problem(client.get("/actions", headers=bearer(token())), 401, "does not publish")
    assert issuer.fetched == 3


def test_junk_fetches_nothing(issuer: Issuer) -> None:
    client = client_of(tokens_of(issuer))

    for credential in ("junk", forged({"alg": "none", "kid": "x"}, claims())):
        assert client.get("/actions", headers=bearer(credential)).status_code == 401
    assert issuer.fetched == 0


def test_many_requests_wait_for_one_fetch(issuer: Issuer) -> None:
    issuer.may_answer.clear()
    statuses: list[int] = []
    with client_of(tokens_of(issuer)) as client:

        def ask() -> None:
            statuses.append(client.get("/actions", headers=bearer(token())).status_code)

        asking = [threading.Thread(target=ask) for _ in range(8)]
        for thread in asking:
            thread.start()
        assert issuer.asked.wait(20)
        issuer.may_answer.set()
        for thread in asking:
            thread.join(20)
    assert statuses == [200] * 8
    assert issuer.fetched == 1


def test_an_issuer_that_is_away_is_no_fault_of_who_asks(issuer: Issuer) -> None:
    clock = Clock()
    client = client_of(tokens_of(issuer, clock))
    issuer.status = 500

    for _ in range(3):
        answer = client.get("/actions", headers=bearer(token()))
        assert_problem(answer, 503, "cannot check credentials now")
        assert issuer.url not in answer.text
    assert issuer.fetched == 1
    assert client.get("/health").status_code == 200
    clock.now += 11
    issuer.status = 200
    assert client.get("/actions", headers=bearer(token())).status_code == 200


def test_old_keys_are_used_for_an_hour_while_the_issuer_is_away(issuer: Issuer) -> None:
    clock = Clock()
    client = client_of(tokens_of(issuer, clock))
    assert client.get("/actions", headers=bearer(token())).status_code == 200
    issuer.status = 503

    clock.now += 3599
    assert client.get("/actions", headers=bearer(token())).status_code == 200
    clock.now += 2
    assert client.get("/actions", headers=bearer(token())).status_code == 503


def test_health_says_when_credentials_cannot_be_checked(tmp_path: Path, issuer: Issuer) -> None:
    keys = keys_file(tmp_path, ci=[])
    holder = installed_catalog(Settings())
    by_key = TestClient(create_app(holder, Settings(auth="api-key", api_keys_file=keys.path, strict=True)))
    by_token = TestClient(create_app(holder, jwt_settings(issuer.url, strict=True)))

    issuer.status = 503
    assert by_key.get("/health").json()["status"] == "healthy"
    keys.path.write_text("ci")
    for client, setting in ((by_key, "api_keys_file"), (by_token, "jwt_jwks")):
        found = client.get("/health").json()
        assert (found["status"], found["credentials"]) == (
            "degraded",
            f"{setting} cannot be used; the server's log says why",
        )
    keys.path.unlink()
    assert by_key.get("/health").json()["credentials"] == "api_keys_file cannot be used; the server's log says why"


def test_health_looks_for_keys_and_is_content_with_kept_ones(issuer: Issuer) -> None:
    clock = Clock()
    tokens = tokens_of(issuer, clock)
    asyncio.run(tokens.check())
    assert issuer.fetched == 1
    issuer.status = 503

    clock.now += 3599
    asyncio.run(tokens.check())
    clock.now += 2
    for _ in range(3):
        with pytest.raises(UnavailableError):
            asyncio.run(tokens.check())
    assert issuer.fetched == 2, "a failed fetch is not repeated at once"


def test_a_redirect_is_not_followed(issuer: Issuer) -> None:
    issuer.status, issuer.location = 302, issuer.url + "?again"

    with pytest.raises(KeysError, match="cannot be read: HTTP Error 302"):
        read_keys(issuer.url)
    assert issuer.fetched == 1


def test_keys_come_only_from_where_they_cannot_be_changed() -> None:
    for url in ("http://id.example/jwks", "file:///etc/passwd", "ftp://127.0.0.1/jwks"):
        with pytest.raises(KeysError, match="must be an https URL"):
            read_keys(url)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "is no JWKS"),
        (b"{}", "must be an object with a list, keys"),
        (b"[]", "must be an object with a list, keys"),
        (b'{"keys": [1]}', "has no public key for RS256, ES256, EdDSA"),
        (b'{"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "one"}]}', "has no public key"),
        (b'{"keys": [{"kty": "RSA", "n": "!", "e": "AQAB"}]}', "is no JWKS"),
        (b'{"keys": [{"kty": "RSA"}]}', "is no JWKS"),
        (b"[" * 100_000, "is no JWKS"),
        (b" " * (1024 * 1024 + 1), "is larger than 1024 KiB"),
        (b"\xff\xff", "is no JWKS"),
    ],
)
def test_a_damaged_jwks_is_named(issuer: Issuer, tmp_path: Path, body: bytes, message: str) -> None:
    issuer.body = body
    path = tmp_path / "jwks.json"
    path.write_bytes(body)

    for place in (issuer.url, str(path)):
        with pytest.raises(KeysError, match=message) as raised:
            read_keys(place)
        assert str(raised.value).startswith(place)
    with pytest.raises(SettingsError, match=message):
        authenticator_for(jwt_settings(str(path)))


def test_only_public_keys_for_signatures_are_used() -> None:
    private = {**RSAAlgorithm.to_jwk(rsa_key("one"), as_dict=True), "kid": "private"}
    others = [
        {**jwk_of("one"), "kid": "encryption", "use": "enc"},
        {**jwk_of("one"), "kid": "RS512", "alg": "RS512"},
        {**jwk_of("one"), "kid": 1},
        {"kty": ["RSA"], "kid": "odd"},
        private,
    ]

    assert list(parse_keys({"keys": [*others, {**jwk_of("one"), "alg": "RS256", "use": "sig"}]})) == ["one"]


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
def test_a_short_key_is_refused() -> None:
    short = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    document = {"keys": [{**RSAAlgorithm.to_jwk(short.public_key(), as_dict=True), "kid": "short"}]}
    client = client_of(Tokens(KeySet(lambda: parse_keys(document)), AUDIENCE, ISSUER, "permissions"))
    made = jwt.encode(claims(), short, "RS256", headers={"kid": "short"})

    assert_problem(client.get("/actions", headers=bearer(made)), 401, "The token is not valid")


# --- X-User-ID ---


@pytest.mark.parametrize("auth", ["none", "api-key"])
@pytest.mark.parametrize(
    ("proxy", "sent", "user", "is_believed"),
    [
        (None, None, "bob", False),
        (None, PROXY, "bob", False),
        (PROXY, None, "bob", False),
        (PROXY, "", "bob", False),
        (PROXY, PROXY[:-1], "bob", False),
        (PROXY, PROXY.upper(), "bob", False),
        (PROXY, "caf\u00e9", "bob", False),
        (PROXY, PROXY, "bob", True),
        (PROXY, PROXY, None, False),
    ],
)
def test_a_user_id_is_believed_only_from_the_proxy(
    tmp_path: Path, auth: str, proxy: str | None, sent: str | None, user: str | None, is_believed: bool
) -> None:
    keys = keys_file(tmp_path, gateway=["model:read"])
    settings = {"none": Settings(), "api-key": Settings(auth="api-key", api_keys_file=keys.path)}[auth]
    authenticator = authenticator_for(settings)
    client = client_of(BehindProxy(authenticator, proxy) if proxy else authenticator)
    named = {b"X-Bud-Proxy-Credential": sent, b"X-User-ID": user}
    headers = {name: value.encode("latin-1") for name, value in named.items() if value is not None}

    answer = client.get("/actions", headers=headers | bearer(keys.of["gateway"])).json()

    unnamed = {"id": "anonymous", "is_anonymous": True} if auth == "none" else {"id": "gateway", "is_anonymous": False}
    assert answer == ({"id": "bob", "is_anonymous": False} if is_believed else unnamed)


def test_the_proxy_alone_is_nobody_and_lends_no_permission(tmp_path: Path) -> None:
    keys = keys_file(tmp_path, gateway=["model:read"])
    settings = Settings(auth="api-key", api_keys_file=keys.path, proxy_credential=PROXY)
    client = client_of(authenticator_for(settings), {"/actions": AUTHENTICATED, "/models": "model:write"})
    proxied = {b"X-Bud-Proxy-Credential": PROXY.encode(), b"X-User-ID": b"bob"}

    assert client.get("/actions", headers=proxied).status_code == 401
    assert client.get("/actions", headers=proxied | bearer(keys.of["gateway"])).json()["id"] == "bob"
    assert client.get("/models", headers=proxied | bearer(keys.of["gateway"])).status_code == 403


@pytest.mark.parametrize("user", ["", " ", "a b", "x" * 201, "\t"])
def test_a_user_id_that_is_none_is_refused(user: str) -> None:
    client = client_of(BehindProxy(Open(), PROXY))

    answer = client.get("/actions", headers={"X-Bud-Proxy-Credential": PROXY, "X-User-ID": user})
    assert_problem(answer, 401, "X-User-ID must be")
    twice = [("X-Bud-Proxy-Credential", PROXY), ("X-User-ID", "ann"), ("X-User-ID", "bob")]
    assert_problem(client.get("/actions", headers=twice), 401, "x-user-id is given twice")


# --- settings ---


def test_auth_none_never_starts_where_others_can_reach_it() -> None:
    with pytest.raises(SettingsError, match=r"0\.0\.0\.0"):
        authenticator_for(Settings(host="0.0.0.0"))
    assert isinstance(authenticator_for(Settings()), Open)


def test_a_missing_file_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"keys\.txt cannot be read"):
        authenticator_for(Settings(auth="api-key", api_keys_file=tmp_path / "keys.txt"))
    with pytest.raises(SettingsError, match=r"jwks\.json cannot be read"):
        authenticator_for(jwt_settings(str(tmp_path / "jwks.json")))


def test_an_issuer_that_is_away_does_not_stop_the_start() -> None:
    assert authenticator_for(jwt_settings("https://id.invalid/jwks.json"))


# --- routes and roles ---

EXECUTE = {"/executions": "pipeline:execute", "/executions/{execution_id}": "pipeline:read"}
"""Routes with permissions, as the catalog has none."""
MATRIX: Mapping[str, Need] = {**NEEDS, **EXECUTE}
ROLES: dict[str, list[str]] = {
    "powerless": [],
    "reader": ["pipeline:read"],
    "pipelines": ["pipeline:*"],
    "elsewhere": ["pipelines:*", "model:execute"],
    "admin": ["*"],
}


@pytest.fixture(scope="module")
def roles(tmp_path_factory: pytest.TempPathFactory) -> tuple[TestClient, KeysFile]:
    keys = keys_file(tmp_path_factory.mktemp("keys"), **ROLES)
    return client_of(ApiKeys(keys.path), MATRIX, "/forgotten"), keys


@pytest.mark.parametrize("role", ["stranger", "impostor", *ROLES])
@pytest.mark.parametrize("path", MATRIX)
def test_routes_and_roles(roles: tuple[TestClient, KeysFile], path: str, role: str) -> None:
    client, keys = roles
    credentials = {"stranger": {}, "impostor": bearer("bud_" + secrets.token_urlsafe(32))}
    headers = credentials[role] if role in credentials else bearer(keys.of[role])
    url = path.replace("{action_type}", "log").replace("{execution_id}", "1")

    statuses = {client.request(method, url, headers=headers).status_code for method in ("GET", "HEAD", "POST")}

    assert statuses == {expected(MATRIX[path], role)}


def expected(need: Need, role: str) -> int:
    if need is PUBLIC:
        return 200
    if role not in ROLES:
        return 401
    return 200 if need in (AUTHENTICATED, SIGNED) or Subject(role, frozenset(ROLES[role])).has(str(need)) else 403


def test_a_route_that_says_nothing_is_answered_to_nobody(roles: tuple[TestClient, KeysFile]) -> None:
    client, keys = roles

    assert_problem(client.get("/forgotten", headers=bearer(keys.of["admin"])), 403, "does not say which permission")
    assert client.get("/forgotten").status_code == 401
    assert client_of(Open(), NEEDS, "/forgotten").get("/forgotten").status_code == 403
    assert undeclared([Route("/forgotten", whoami), Route("/actions", whoami)]) == ["/forgotten"]


def test_what_is_there_is_not_told_to_strangers(roles: tuple[TestClient, KeysFile]) -> None:
    client, keys = roles

    assert client.get("/nope").status_code == client.get("/actions").status_code == 401
    assert client.get("/nope", headers=bearer(keys.of["powerless"])).status_code == 404


@pytest.mark.parametrize(
    "path",
    ["/health/", "/health/../actions", "//health", "/HEALTH", "/docs/log/../../actions", "/actions/%2e%2e/health"],
)
def test_nothing_passes_for_a_public_path(roles: tuple[TestClient, KeysFile], path: str) -> None:
    assert roles[0].get(path, follow_redirects=False).status_code == 401


def test_a_guard_without_authentication_lets_nobody_in() -> None:
    routes = [Route("/actions", whoami), Route("/models", whoami)]
    client = TestClient(Starlette(routes=guarded(routes, {"/actions": AUTHENTICATED, "/models": "model:read"})))

    for path in ("/actions", "/models"):
        assert_problem(client.get(path), 401, "This needs a credential")


def test_a_public_path_of_another_route_lets_nobody_in() -> None:
    """Both doors must agree: here the first one believes that everything is public."""
    routes = [Route("/docs/secret", whoami), Route("/docs/{page:path}", whoami)]
    needs: Mapping[str, Need] = {"/docs/secret": AUTHENTICATED, "/docs/{page:path}": PUBLIC}
    app = Starlette(routes=guarded(routes, needs))
    client = TestClient(Authentication(app, Open(), needs))

    assert client.get("/docs/any/page").status_code == 200
    assert client.get("/docs/secret").status_code == 401


def test_auth_none_is_everyone_with_every_permission() -> None:
    client = client_of(Open(), MATRIX)

    for path in MATRIX:
        assert client.get(path.replace("{", "").replace("}", "")).status_code == 200
    assert ANYONE.has("model:write")
    assert not NOBODY.has("model:write")


def test_a_root_path_keeps_public_paths_public(tmp_path: Path) -> None:
    app = client_of(ApiKeys(keys_file(tmp_path).path)).app
    client = TestClient(app, root_path="/behind")

    assert client.get("/behind/health").status_code == 200
    assert client.get("/behind/actions").status_code == 401
