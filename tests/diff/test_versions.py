"""How a version has to rise."""

import pytest

from bud_codegen.diff.finding import Bump
from bud_codegen.diff.versions import least_version, version_of
from tests.diff.sides import GREET, HEAD, between

OPTIONAL = "params:\n  - {name: who, label: Who, type: string}\n"
REQUIRED = "params:\n  - {name: who, label: Who, type: string, required: true}\n"


@pytest.mark.parametrize(
    ("version", "bump", "least"),
    [
        ("1.2.3", Bump.none, (1, 2, 3)),
        ("1.2.3", Bump.patch, (1, 2, 4)),
        ("1.2.3", Bump.minor, (1, 3, 0)),
        ("1.2.3", Bump.major, (2, 0, 0)),
        ("0.2.3", Bump.patch, (0, 2, 4)),
        ("0.2.3", Bump.minor, (0, 2, 4)),
        ("0.2.3", Bump.major, (0, 3, 0)),
        ("2.0.0-rc.1", Bump.major, (2, 0, 0)),
    ],
)
def test_the_least_version_after_a_change(version: str, bump: Bump, least: tuple[int, int, int]) -> None:
    assert least_version(version_of(version), bump) == least


def test_versions_are_ordered_as_semver_says() -> None:
    order = ["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11"]
    versions = [version_of(text) for text in [*order, "1.0.0-rc.1", "1.0.0", "1.0.1", "1.10.0"]]
    assert versions == sorted(versions)
    assert len(set(versions)) == len(versions)
    assert version_of("1.0.0+a") == version_of("1.0.0+b")


@pytest.mark.parametrize(
    ("before", "after", "params", "expected"),
    [
        ("1.0.0", "1.0.0", OPTIONAL, ("version-not-bumped", "1.1.0")),
        ("1.0.0", "1.0.1", OPTIONAL, ("version-not-bumped", "1.1.0")),
        ("1.0.0", "1.1.0", OPTIONAL, None),
        ("1.0.0", "1.1.0", REQUIRED, ("version-major-not-bumped", "2.0.0")),
        ("1.0.0", "2.0.0", REQUIRED, None),
        ("0.1.0", "0.1.1", REQUIRED, ("version-major-not-bumped", "0.2.0")),
        ("0.1.0", "0.2.0", REQUIRED, None),
        ("1.0.0-rc.1", "1.0.0-rc.1", REQUIRED, ("version-major-not-bumped", "more than 1.0.0-rc.1")),
        ("1.0.0-rc.1", "1.0.0-rc.2", REQUIRED, None),
        ("1.0.0", "0.9.0", OPTIONAL, ("version-decreased", "")),
        ("1.0.0", "1.0.0-rc.1", "", ("version-decreased", "")),
        ("1.0.0", "1.0.0", "", None),
    ],
)
def test_a_version_rises_as_its_changes_demand(
    before: str, after: str, params: str, expected: tuple[str, str] | None
) -> None:
    texts = HEAD.replace("1.0.0", before), HEAD.replace("1.0.0", after) + params
    found = [each for each in between({GREET: texts[0]}, {GREET: texts[1]}) if each.rule.startswith("version")]
    assert [each.rule for each in found] == ([expected[0]] if expected else [])
    assert not expected or found[0].message.endswith(expected[1] or "which is less")


def test_what_is_not_stable_owes_the_same_versions() -> None:
    before = HEAD + "stability: beta\n"
    found = between({GREET: before}, {GREET: before.replace("1.0.0", "1.1.0") + REQUIRED})
    assert {each.rule for each in found} == {"param-added-required", "version-major-not-bumped"}
