"""No URL of a pipeline leads inside: not one connection is attempted, and none arrives."""

import asyncio
import time
from ipaddress import ip_address

import pytest

from bud_actions.base import HttpAnswer, OutboundError, RefusedAddressError
from bud_server.net.addresses import inside
from bud_server.net.outbound import GuardedClient
from tests.net.watch import Canary, attempts, resolving

HOSTS = (
    # loopback, in every way to write it
    "127.0.0.1",
    "127.255.255.254",
    "127.1",
    "127.0.1",
    "2130706433",
    "0x7f000001",
    "0x7F.1",
    "0x7f.0x0.0x0.0x1",
    "017700000001",
    "0177.0.0.1",
    "0177.1",
    "00000177.0.0.1",
    "127.0.0.1.",
    "127。0。0。1",
    "①②⑦.⓪.⓪.①",
    "%31%32%37.0.0.1",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "ⓛocalhost",
    "sub.localhost",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[0:0:0:0:0:ffff:127.0.0.1]",
    "[::127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b:1::127.0.0.1]",
    "[2002:7f00:1::]",
    "[2a00:1450:4001::5efe:7f00:1]",
    "[2001:0:7f00:1::]",
    # unspecified
    "0.0.0.0",
    "0",
    "0x0",
    "[::]",
    "[::ffff:0.0.0.0]",
    # private, shared, link-local, and what clouds answer at
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "192.168.257",
    "100.64.0.1",
    "100.100.100.200",
    "169.254.169.254",
    "2852039166",
    "0xa9fea9fe",
    "0251.0376.0251.0376",
    "[::ffff:169.254.169.254]",
    "[64:ff9b::a9fe:a9fe]",
    "[fd00:ec2::254]",
    "[fe80::1]",
    "[fe80::1%25lo]",
    "[fec0::1]",
    "[fc00::1]",
    "168.63.129.16",
    "192.0.0.192",
    "metadata",
    "metadata.google.internal",
    "metadata.google.internal.",
    "METADATA.GOOGLE.INTERNAL",
    "metadata.goog",
    "instance-data.ec2.internal",
    # for nobody's use
    "198.18.0.1",
    "192.0.2.1",
    "198.51.100.1",
    "203.0.113.1",
    "192.88.99.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "[ff02::1]",
    "[2001:db8::1]",
    "[3fff::1]",
    "[100::1]",
    "[5f00::1]",
    "[2001:2::1]",
    # confusing to read
    "user@127.0.0.1",
    "user:secret@127.0.0.1",
    "@127.0.0.1",
    "example.com@127.0.0.1",
    "127.0.0.1\\@example.com",
    "127.0.0.1#@example.com",
    "127.0.0.1 ",
    "127.0.0.1\t",
    "127.0.0.1\r\nHost: example.com",
    "",
    ".",
    "..",
    "127.0.0.1%00.example.com",
    "127.0.0.1%2eexample.com",
)
WHOLE = (
    "file:///etc/passwd",
    "gopher://127.0.0.1:{port}/_x",
    "ftp://127.0.0.1:{port}/",
    "ws://127.0.0.1:{port}/",
    "unix:///var/run/docker.sock",
    "data:text/plain,x",
    "javascript:alert(1)",
    "//127.0.0.1:{port}/",
    "127.0.0.1:{port}",
    "http:127.0.0.1:{port}",
    "http:/127.0.0.1:{port}",
    "http:///127.0.0.1:{port}",
    "http://[::1",
    "http://[127.0.0.1]:{port}/",
    "http://127.0.0.1:0/",
    "http://127.0.0.1:99999/",
    "http://127.0.0.1:{port}:80/",
    "HTTP://127.0.0.1:{port}/",
    "",
    "http://",
)
URLS = (*(f"http://{host}:{{port}}/" for host in HOSTS), *(f"https://{host}:{{port}}/" for host in HOSTS[:4]), *WHOLE)


def ask(url: str, *allowed: str, seconds: float = 5) -> HttpAnswer:
    return asyncio.run(GuardedClient(allowed, 1024).request("GET", url, {}, None, seconds))


@pytest.mark.parametrize("url", URLS)
def test_a_hostile_url_makes_no_connection(url: str, canary: Canary, monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, {name: [["127.0.0.1", "::1"]] for name in ("localhost", "localhost.", "sub.localhost")})
    with attempts() as attempted, pytest.raises(OutboundError) as refusal:
        ask(url.format(port=canary.port))

    assert (attempted, canary.connections()) == ([], 0)
    assert refusal.value.had_effect is False
    assert "secret" not in str(refusal.value)


INSIDE = {
    "10.0.0.1": "private",
    "100.64.0.1": "shared (carrier-grade NAT)",
    "127.0.0.1": "loopback",
    "169.254.169.254": "link-local",
    "198.18.0.1": "benchmarking",
    "192.0.2.1": "documentation",
    "224.0.0.1": "multicast",
    "255.255.255.255": "reserved",
    "0.0.0.0": "unspecified",
    "::": "unspecified",
    "::1": "loopback",
    "::7f00:1": "IPv4-compatible",
    "::ffff:10.0.0.1": "private (written as IPv6)",
    "64:ff9b::a00:1": "private (written as IPv6)",
    "64:ff9b:1::808:808": "locally translated (NAT64)",
    "2002:a00:1::": "private (written as IPv6)",
    "2a00:1450:4001::200:5efe:a00:1": "private (written as IPv6)",
    "2001::1": "Teredo",
    "2001:db8::1": "documentation",
    "fc00::1": "unique local",
    "fe80::1": "link-local",
    "fec0::1": "site-local",
    "ff02::1": "multicast",
    "4000::1": "reserved",
}


@pytest.mark.parametrize(("address", "kind"), INSIDE.items())
def test_a_refusal_says_what_kind_of_address_it_is(address: str, kind: str) -> None:
    assert inside(ip_address(address)) == kind


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "100.63.255.255", "172.32.0.1", "2606:4700::1", "64:ff9b::808:808", "2002:808:808::"]
)
def test_a_public_address_is_not_inside(address: str) -> None:
    assert inside(ip_address(address)) is None


def test_what_ipaddress_calls_private_is_inside() -> None:
    for number in range(0, 2**32, 65_521):
        address = ip_address(number)
        if address.is_private or address.is_multicast or address.is_reserved:
            assert inside(address) is not None, address


@pytest.mark.parametrize(
    "found",
    [
        ["127.0.0.1"],
        ["127.0.0.1", "8.8.8.8"],
        ["8.8.8.8", "127.0.0.1"],
        ["2606:4700::1", "8.8.8.8", "::ffff:127.0.0.1"],
        ["8.8.8.8", "fe80::1%lo"],
        ["8.8.8.8", "::1"],
        ["169.254.169.254"],
        ["0.0.0.0"],
    ],
)
def test_one_address_inside_spoils_a_name(found: list[str], canary: Canary, monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, {"public.example": [found]})
    with attempts() as attempted, pytest.raises(RefusedAddressError, match=r"add 'public\.example' to the setting"):
        ask(f"http://public.example:{canary.port}/")

    assert (attempted, canary.connections()) == ([], 0)


def test_a_name_that_changes_after_the_check_leads_where_it_led_then(
    canary: Canary, monkeypatch: pytest.MonkeyPatch
) -> None:
    # 127.0.0.3 stands for a public address: nothing listens there, for nothing outside is asked by tests.
    resolver = resolving(monkeypatch, {"rebound.example": [["127.0.0.3"], ["127.0.0.1"]]})
    with attempts() as attempted, pytest.raises(OutboundError, match="cannot be reached"):
        ask("http://rebound.example:9/", "127.0.0.3")

    assert attempted == [("127.0.0.3", 9)]
    assert resolver.asked.count("rebound.example") == 1
    with pytest.raises(RefusedAddressError):
        ask(f"http://rebound.example:{canary.port}/", "127.0.0.3")
    assert canary.connections() == 0


def test_a_name_without_an_address_is_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, {})
    with attempts() as attempted, pytest.raises(OutboundError, match=r"nowhere\.example cannot be reached: it has no"):
        ask("http://nowhere.example/")

    assert attempted == []


def test_a_slow_resolver_is_waited_for_no_longer_than_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    resolver = resolving(monkeypatch, {})
    monkeypatch.setattr(resolver, "getaddrinfo", lambda *_, **__: time.sleep(0.6))
    resolving_slowly = resolver.getaddrinfo
    monkeypatch.setattr("socket.getaddrinfo", resolving_slowly)
    with pytest.raises(OutboundError, match=r"did not answer within 0\.2 seconds") as refusal:
        ask("http://slow.example/", seconds=0.2)

    assert refusal.value.had_effect is False


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("http://127.0.0.1:{port}/", "127.0.0.1"),
        ("http://127.1:{port}/", "127.0.0.0/8"),
        ("http://[::1]:{port}/", "::1"),
        ("http://inner.bud.example:{port}/", "inner.bud.example"),
        ("http://INNER.bud.example.:{port}/", "inner.BUD.example."),
        ("http://inner.bud.example:{port}/", "*.bud.example"),
        ("http://inner.bud.example:{port}/", "127.0.0.0/8"),
    ],
)
def test_a_host_that_the_settings_allow_is_asked(
    url: str, allowed: str, canary: Canary, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolving(monkeypatch, {name: [["127.0.0.1"]] for name in ("inner.bud.example", "inner.bud.example.")})
    with attempts() as attempted, pytest.raises(OutboundError, match="did not answer"):
        ask(url.format(port=canary.port), allowed, seconds=0.2)

    assert (len(attempted), canary.connections()) == (1, 1)


@pytest.mark.parametrize("allowed", ["bud.example", "*.inner.bud.example", "10.0.0.0/8", "er.bud.example", "::1"])
def test_a_host_that_is_only_like_an_allowed_one_is_refused(
    allowed: str, canary: Canary, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolving(monkeypatch, {"inner.bud.example": [["127.0.0.1"]]})
    with pytest.raises(RefusedAddressError):
        ask(f"http://inner.bud.example:{canary.port}/", allowed)

    assert canary.connections() == 0


def test_a_network_that_is_allowed_does_not_allow_its_neighbours(
    canary: Canary, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolving(monkeypatch, {"mixed.example": [["127.0.0.1", "10.0.0.1"]]})
    with pytest.raises(RefusedAddressError, match="private"):
        ask(f"http://mixed.example:{canary.port}/", "127.0.0.0/8")

    assert canary.connections() == 0


def test_no_credential_of_a_url_is_in_a_message() -> None:
    for url in (
        "http://ada:secret@127.0.0.1/",
        "http://127.0.0.1/?token=secret",
        "http://127.0.0.1/secret#secret",
        "ftp://ada:secret@x/",
        "http://ada:secret@[::1",
    ):
        with pytest.raises(OutboundError) as refusal:
            ask(url)
        assert "secret" not in str(refusal.value)
