"""An answer is taken as it is, within bounds of size and time, over a connection that nobody else has a part in."""

import asyncio
import datetime
import gzip
import ssl
from collections.abc import Mapping
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bud_actions.base import HttpAnswer, OutboundError
from bud_server.net.outbound import FRAMING, GuardedClient
from tests.net.raw import HEAD, Raw, answering
from tests.net.watch import Canary, resolving

EMPTY = HEAD + b"Content-Length: 0\r\n\r\n"


def ask(
    server: Raw,
    method: str = "GET",
    path: str = "/",
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    seconds: float = 5,
) -> HttpAnswer:
    client = GuardedClient(["127.0.0.1"], 1000)
    url = f"http://127.0.0.1:{server.port}{path}"
    return asyncio.run(client.request(method, url, headers or {}, body, seconds))


def test_a_request_arrives_as_it_was_meant() -> None:
    with answering(HEAD + b"X-A: 1\r\nx-a: 2\r\nContent-Length: 2\r\n\r\nok") as server:
        answer = ask(server, "POST", "/a%20b?c=d#e", {"X-Team": "ml"}, b'{"a":1}')

    head, _, body = server.heard[0].partition(b"\r\n\r\n")
    assert head.split(b"\r\n")[0] == b"POST /a%20b?c=d HTTP/1.1"
    assert {f"host: 127.0.0.1:{server.port}".encode(), b"x-team: ml", b"accept-encoding: identity"} <= set(
        head.lower().split(b"\r\n")
    )
    assert body == b'{"a":1}'
    assert answer == HttpAnswer(
        status=200, headers={"content-type": "text/plain", "x-a": "1, 2", "content-length": "2"}, body=b"ok"
    )


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_answer_and_not_followed(status: int, canary: Canary) -> None:
    location = f"http://127.0.0.1:{canary.port}/"
    with answering(f"HTTP/1.1 {status} Go\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()) as server:
        answer = ask(server)

    assert (answer.status, answer.headers["location"]) == (status, location)
    assert canary.connections() == 0


def test_no_proxy_of_the_environment_is_asked(canary: Canary, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{canary.port}")
    with answering(EMPTY) as server:
        assert ask(server).status == 200

    assert canary.connections() == 0


@pytest.mark.parametrize(
    "pieces",
    [
        [HEAD + b"Content-Length: 1001\r\n\r\n" + b"x" * 1001],
        [HEAD + b"Transfer-Encoding: chunked\r\n\r\n", *[b"64\r\n" + b"x" * 100 + b"\r\n"] * 11],
        [HEAD + b"\r\n", *[b"x" * 500] * 3],
    ],
)
def test_an_answer_is_read_no_further_than_its_bound(pieces: list[bytes]) -> None:
    with (
        answering(*pieces) as server,
        pytest.raises(OutboundError, match="not read to its end: the answer is larger than 1000 bytes") as error,
    ):
        ask(server)

    assert error.value.had_effect


def test_an_answer_of_exactly_the_bound_is_taken() -> None:
    with answering(HEAD + b"Content-Length: 1000\r\n\r\n" + b"x" * 1000) as server:
        assert len(ask(server).body) == 1000


@pytest.mark.parametrize("encoding", ["gzip", "zstd", "br", "deflate, gzip"])
def test_a_compressed_answer_is_not_unpacked(encoding: str) -> None:
    bomb = gzip.compress(b"x" * 10_000)
    head = HEAD + f"Content-Encoding: {encoding}\r\nContent-Length: {len(bomb)}\r\n\r\n".encode()
    with answering(head + bomb) as server, pytest.raises(OutboundError, match="compressed form"):
        ask(server)


@pytest.mark.parametrize("many", [1, 4000])
def test_endless_headers_are_not_read_to_their_end(many: int) -> None:
    size = 100_000 // many
    headers = b"".join(f"X-{number}: ".encode() + b"x" * size + b"\r\n" for number in range(many))
    with answering(HEAD + headers + b"\r\n") as server, pytest.raises(OutboundError):
        ask(server)


@pytest.mark.parametrize(
    "pieces",
    [[b"H"] * 100, [HEAD] + [b"x: y\r\n"] * 100, [HEAD + b"Content-Length: 100\r\n\r\n"] + [b"x"] * 100],
)
def test_an_answer_that_trickles_is_not_waited_for(pieces: list[bytes]) -> None:
    with (
        answering(*pieces, wait=0.05) as server,
        pytest.raises(OutboundError, match=r"did not answer within 0\.3 seconds") as error,
    ):
        ask(server, seconds=0.3)

    assert error.value.had_effect


@pytest.mark.parametrize("answer", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"])
def test_an_answer_that_is_none_says_so(answer: bytes) -> None:
    with answering(answer) as server, pytest.raises(OutboundError, match="broke off") as error:
        ask(server)

    assert error.value.had_effect


@pytest.mark.parametrize("name", [*sorted(FRAMING), "Host", "Proxy-Authorization"])
def test_headers_of_the_connection_cannot_be_given(name: str) -> None:
    with answering(EMPTY) as server:
        with pytest.raises(OutboundError, match=f"the header {name} belongs to the connection") as error:
            ask(server, headers={name: "inner.example"})

        assert (server.heard, error.value.had_effect) == ([], False)


@pytest.mark.parametrize("headers", [{"x": "a\r\nHost: b"}, {"x\r\ny": "a"}, {"": "a"}, {"x": "☃"}, {"ü": "a"}])
def test_a_header_that_would_break_the_request_is_refused(headers: dict[str, str]) -> None:
    with answering(EMPTY) as server, pytest.raises(OutboundError) as error:
        ask(server, headers=headers)

    assert error.value.had_effect is False
    assert not [heard for heard in server.heard if heard]


def certificate(folder: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return what a server shows for a name, and what trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    text = made.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "certificate.pem"
    path.write_bytes(secret + text)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path)
    return server, ssl.create_default_context(cadata=text.decode())


def test_a_certificate_is_for_the_name_and_not_for_the_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown, trusting = certificate(tmp_path, "inner.example")
    resolving(monkeypatch, {name: [["127.0.0.1"]] for name in ("inner.example", "other.example")})
    names: list[str | None] = []
    shown.sni_callback = lambda _socket, name, _context: names.append(name)
    client = GuardedClient(["*.example"], 1000, certificates=trusting)

    async def get(host: str, port: int) -> HttpAnswer:
        return await client.request("GET", f"https://{host}:{port}/", {}, None, 5)

    with answering(EMPTY, certificate=shown) as server:
        assert asyncio.run(get("inner.example", server.port)).status == 200
        with pytest.raises(OutboundError, match="certificate") as error:
            asyncio.run(get("other.example", server.port))

    assert names == ["inner.example", "other.example"]
    assert f"host: inner.example:{server.port}".encode() in server.heard[0].lower()
    assert (len(server.heard), error.value.had_effect) == (1, False)
