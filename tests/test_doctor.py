"""What `bud doctor` says of what is installed, of the settings, and of a project."""

import base64
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.support.project import bud, make_project, write_action

RAISES = "raise RuntimeError('imported')\n"


def doctor(folder: Path, *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the command beside the distributions in folder/site."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BUD_")}
    environment |= {"PYTHONPATH": str(folder / "site"), **variables}
    command = [str(Path(sys.executable).with_name("bud")), "doctor", *options]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=60)


def install(folder: Path, name: str, entries: Mapping[str, str], files: Mapping[str, str]) -> None:
    """Put a distribution into folder/site, as pip would."""
    lines = "".join(f"{entry} = {value}\n" for entry, value in entries.items())
    info = f"{name}-1.0.dist-info"
    texts = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{info}/entry_points.txt": f"[budpipeline.actions]\n{lines}",
    }
    for path, text in texts.items():
        (folder / "site" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "site" / path).write_text(text)


def install_project(folder: Path, name: str, prefix: str, *types: str) -> None:
    """Install a generated package whose modules cannot be imported."""
    workspace = make_project(folder / name, *types, prefix=prefix)
    assert bud("generate", cwd=workspace.root).returncode == 0
    catalog = (workspace.root / f"generated/python/{prefix}_generated/catalog.json").read_text()
    files = {f"{prefix}_actions/integration/{each}.py": RAISES for each in types}
    files |= {f"{prefix}_generated/__init__.py": RAISES, f"{prefix}_generated/catalog.json": catalog}
    install(folder, name, {prefix: f"{prefix}_generated"}, files)


def test_what_is_installed_is_found_without_importing_it(tmp_path: Path) -> None:
    install_project(tmp_path, "acme", "acme", "greet", "wave")
    told = doctor(tmp_path)
    facts = json.loads(doctor(tmp_path, "--format", "json").stdout)

    assert told.returncode == 0, told.stdout
    assert told.stdout.splitlines()[-1] == "healthy"
    assert facts["healthy"]
    (package,) = [each["facts"] for each in facts["findings"] if each["name"] == "acme 1.0"]
    assert package == {
        "distribution": "acme",
        "version": "1.0",
        "entry": "acme",
        "value": "acme_generated",
        "style": "schema-first",
        "path": str(tmp_path / "site/acme_generated"),
        "actions": 2,
    }


def test_both_packages_of_a_type_claimed_twice_are_named(tmp_path: Path) -> None:
    install_project(tmp_path, "acme", "acme", "greet", "wave")
    install_project(tmp_path, "beta", "beta", "greet")
    told = doctor(tmp_path)

    assert told.returncode == 1
    assert told.stdout.endswith("broken: acme 1.0, beta 1.0\n")
    assert "action type greet is also claimed by beta 1.0 (entry beta, action greet)" in told.stdout
    assert "action type greet is also claimed by acme 1.0 (entry acme, action greet)" in told.stdout
    assert "acme = acme_generated, schema-first, 1 action, " in told.stdout


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("no_such_package", "not found"),
        ("no_such_module:Class", "importing no_such_module:Class failed"),
        ("not a module", "is neither a package nor module:Class"),
    ],
)
def test_an_entry_that_leads_nowhere_is_broken(tmp_path: Path, value: str, said: str) -> None:
    install(tmp_path, "acme", {"greet": value}, {})
    told = doctor(tmp_path)

    assert told.returncode == 1, told.stderr
    assert said in told.stdout


def test_the_settings_are_tried(tmp_path: Path) -> None:
    (tmp_path / "bud.toml").write_text("[server]\nport = 9000\n")
    good = doctor(tmp_path)
    bad = doctor(tmp_path, BUD_PORT="many")
    (tmp_path / "bud.toml").write_text('[server]\nauth = "api-key"\napi_keys_file = "none.txt"\n')
    without_keys = doctor(tmp_path)

    assert good.returncode == 0
    assert str(tmp_path / "bud.toml") in good.stdout
    assert bad.returncode == 1
    assert "BUD_PORT must be a whole number, not 'many'" in bad.stdout
    assert without_keys.returncode == 1
    assert "none.txt" in without_keys.stdout


def test_a_project_is_as_generated_or_says_what_to_run(tmp_path: Path) -> None:
    workspace = make_project(tmp_path, "greet")
    bud("generate", cwd=tmp_path)
    good = doctor(tmp_path)
    lock = tmp_path / "generated/actions.lock.json"
    lock.write_text(lock.read_text().replace('"bud-actions": "', '"bud-actions": "0.0.9+'))
    old = doctor(tmp_path)
    write_action(tmp_path, "wave", "type: wave\n")
    wrong = doctor(tmp_path.parent, "--root", str(tmp_path))

    assert good.returncode == 0, good.stdout
    assert f"ok      project            {workspace.root}, 1 actions, " in good.stdout
    assert old.returncode == 1
    assert "1 actions: 1 stale\n" in old.stdout
    assert "bud generate mends them; bud-actions 0.0.9+" in old.stdout
    assert wrong.returncode == 1
    assert "bud lint shows them" in wrong.stdout


def test_a_project_that_cannot_be_read_is_broken(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.bud\n")
    told = doctor(tmp_path)

    assert told.returncode == 1
    assert "pyproject.toml cannot be read" in told.stdout


def _recorded(folder: Path, path: str) -> str:
    content = (folder / "site" / path).read_bytes()
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    return f"{path},sha256={digest},{len(content)}\n"


def test_executors_that_have_changed_or_are_not_python_are_named(tmp_path: Path) -> None:
    install_project(tmp_path, "acme", "acme", "greet", "wave")
    executor, other = "acme_actions/integration/greet.py", "acme_actions/integration/wave.py"
    record = "".join(_recorded(tmp_path, path) for path in (executor, other, "acme_generated/catalog.json"))
    (tmp_path / "site/acme-1.0.dist-info/RECORD").write_text(record)
    whole = doctor(tmp_path)
    (tmp_path / "site" / executor).write_text("def run(:\n")
    told = doctor(tmp_path)

    assert whole.returncode == 0, whole.stdout
    assert told.returncode == 1
    assert f"{tmp_path}/site/{executor}:1:9: error: this is not Python: " in told.stdout
    assert f"{tmp_path}/site/{executor} has changed since it was installed; install acme anew" in told.stdout
    assert other not in told.stdout
