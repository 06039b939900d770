"""What is found of installed actions, what is refused, and how they are used."""

import asyncio
import importlib
import inspect
import json
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from bud_actions import ActionMeta, ParamDefinition, action_registry
from bud_actions.base import (
    ActionContext,
    ActionRegistry,
    ActionResult,
    BaseActionExecutor,
    DeprecatedHandlerRegistry,
    Discovery,
    DiscoveryError,
    EventAction,
    EventContext,
    ExecutionMode,
    ExecutorError,
    OutputDefinition,
    OutputType,
    ParamType,
    RetryPolicy,
    StepStatus,
    discover,
    register_action,
)
from bud_codegen.build import build_catalog
from bud_codegen.emit.python import catalog_json
from bud_codegen.model import Category, Project
from bud_schemas.metadata import meta_problems
from bud_schemas.shapes import complete, digest_of, entry_of
from tests.strategies import action_documents

ROOT = Path(__file__).parent.parent
CATALOG = json.loads((ROOT / "generated/python/bud_generated/catalog.json").read_text())
GROUP = "acme.actions"
"""A group of its own, so that tests see only what they installed."""
Install = Callable[..., Path]

EXECUTOR = """
from bud_actions.base import ActionResult, BaseActionExecutor

class Executor(BaseActionExecutor):
    async def execute(self, context):
        return ActionResult(success=True, outputs={"text": "hello " + context.params["person"]})
"""
UNWRITTEN = "from bud_actions.base import BaseActionExecutor\nclass Unwritten(BaseActionExecutor): ..."
CLASS = """
from bud_actions.base import *
from acme_executor import Executor

META = ActionMeta(
    type={type!r}, version="1.0.0", name="Greet", description="Says hello.", category="Greetings",
    execution_mode=ExecutionMode.SYNC, aliases={aliases!r},
    params=[ParamDefinition(name="person", label="Person", type=ParamType.STRING, required=True)],
    outputs=[OutputDefinition(name="text", type="string")],
)

@register_action(META)
class Greet:
    executor_class = Executor
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Return a function that installs a distribution as pip would, for the time of the test."""
    before = set(sys.modules)

    def install(name: str, entries: Mapping[str, str], files: Mapping[str, str], group: str = GROUP) -> Path:
        site = tmp_path / name
        info = site / f"{name.replace('-', '_')}-1.0.dist-info"
        lines = "".join(f"{entry} = {value}\n" for entry, value in entries.items())
        texts = {
            **files,
            f"{info.name}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
            f"{info.name}/entry_points.txt": f"[{group}]\n{lines}",
            f"{info.name}/RECORD": "".join(f"{path},,\n" for path in files),
        }
        for path, text in texts.items():
            (site / path).parent.mkdir(parents=True, exist_ok=True)
            (site / path).write_text(text)
        monkeypatch.syspath_prepend(site)
        return site

    yield install
    for module in set(sys.modules) - before:
        if module.startswith("acme"):
            del sys.modules[module]


def action(action_type: str = "acme_greet", **others: object) -> dict[str, Any]:
    """Return the document of an action file."""
    return {
        "type": action_type,
        "version": "1.0.0",
        "name": "Greet",
        "description": "Says hello.",
        "category": "Greetings",
        "execution_mode": "sync",
        "params": [{"name": "person", "label": "Person", "type": "string", "required": True}],
        "outputs": [{"name": "text", "type": "string"}],
        **others,
    }


def catalog(*documents: Mapping[str, Any], prefix: str = "acme") -> str:
    """Return the catalog.json of some actions."""
    by_path = {f"actions/{prefix}_actions/builtin/{each['type']}.yaml": each for each in documents}
    return catalog_json(build_catalog(Project(prefix), [Category("Greetings", "smile", "builtin", 70)], by_path))


def schema_first(*documents: Mapping[str, Any], prefix: str = "acme") -> dict[str, str]:
    """Return the files of a schema-first package that must not be imported to be found."""
    documents = documents or (action(),)
    raising = "raise RuntimeError('imported')\n"
    executors = {f"{prefix}_actions/builtin/{each['type']}.py": EXECUTOR for each in documents}
    return {
        f"{prefix}_generated/__init__.py": raising,
        f"{prefix}_generated/catalog.json": catalog(*documents, prefix=prefix),
        f"{prefix}_actions/__init__.py": raising,
        f"{prefix}_actions/builtin/__init__.py": raising,
        **executors,
    }


def class_style(action_type: str = "acme_greet", aliases: tuple[str, ...] = ()) -> dict[str, str]:
    """Return the files of a class-style package."""
    return {"acme_greet.py": CLASS.format(type=action_type, aliases=list(aliases)), "acme_executor.py": EXECUTOR}


def found(**options: bool) -> Discovery:
    return discover(GROUP, **options)


def the_reason() -> str:
    """Return why the one broken thing is broken, which strict discovery says too."""
    (broken,) = found(allow_broken=True).broken
    with pytest.raises(DiscoveryError) as caught:
        found()
    assert f"{broken.distribution} {broken.version}, entry {broken.entry}: {broken.reason}" in str(caught.value)
    return broken.reason


def run(executor: BaseActionExecutor, params: Mapping[str, Any]) -> ActionResult:
    return asyncio.run(executor.execute(ActionContext(params=params)))


class TestActionRegistry:
    @pytest.fixture(autouse=True)
    def discovered(self) -> None:
        action_registry.discover_actions()

    def test_discover_actions(self) -> None:
        action_registry.discover_actions()
        assert action_registry.has("log")
        assert action_registry.has("model_add")

    def test_get_meta(self) -> None:
        meta = action_registry.get_meta("log")
        assert meta is not None
        assert meta.type == "log"
        assert meta.category == "Control Flow"

    def test_get_executor(self) -> None:
        executor = action_registry.get_executor("log")
        assert executor is not None
        assert hasattr(executor, "execute")

    def test_unknown_action_raises(self) -> None:
        with pytest.raises(KeyError):
            action_registry.get_executor("nonexistent")


class TestActionExecution:
    def test_log_action(self, install: Install) -> None:
        text = (ROOT / "tests/class_style/log.py.txt").read_text()
        install("acme-log", {"log": "acme_log:LogAction"}, {"acme_log.py": text})
        executor = ActionRegistry(found()).get_executor("log")
        context = ActionContext(
            step_id="test-step",
            execution_id="test-exec",
            params={"message": "Test log", "level": "info"},
            workflow_params={},
            step_outputs={},
        )

        result = asyncio.run(executor.execute(context))

        assert result.success
        assert result.outputs["logged"] is True


# What is found


def test_what_comes_along_is_one_catalog() -> None:
    assert discover().catalog() == CATALOG


def test_a_schema_first_package_is_found_without_importing_it(install: Install) -> None:
    install("acme-actions", {"acme": "acme_generated"}, schema_first())

    (package,) = found().packages

    assert not [name for name in sys.modules if name.startswith("acme")]
    assert (package.distribution, package.version, package.entry) == ("acme-actions", "1.0", "acme")
    assert (package.style, list(package.entries)) == ("catalog", ["acme_greet"])
    assert package.digest == json.loads(catalog(action()))["digest"]
    assert package.categories == ({"name": "Greetings", "icon": "smile", "order": 70},)


def test_a_package_inside_another_is_found_without_importing_either(install: Install) -> None:
    files = {path.replace("acme_generated", "acme/inner"): text for path, text in schema_first().items()}
    install("acme-actions", {"acme": "acme.inner"}, {"acme/__init__.py": "raise RuntimeError\n", **files})

    assert list(found().entries) == ["acme_greet"]


def test_a_package_in_a_namespace_is_found(install: Install) -> None:
    files = {path.replace("acme_generated", "acme/deep/inner"): text for path, text in schema_first().items()}
    install("acme-actions", {"acme": "acme.deep.inner"}, files)

    assert list(found().entries) == ["acme_greet"]


def test_a_class_is_found_and_looks_the_same(install: Install) -> None:
    install("acme-actions", {"acme_greet": "acme_greet:Greet"}, class_style())

    (package,) = found().packages
    entry = package.entries["acme_greet"]

    assert package.style == "class"
    expected = json.loads(catalog(action()))["actions"]["acme_greet"]
    assert entry == {**expected, "source": entry["source"], "executor": entry["executor"]}


def test_order_is_that_of_distribution_entry_and_catalog(install: Install) -> None:
    install("zeta", {"b": "zeta_generated"}, schema_first(action("two"), action("one"), prefix="zeta"))
    classes = "".join(
        CLASS.format(type=each, aliases=[]).replace("class Greet", f"class {each.title()}") for each in ("b", "a")
    )
    files = {"acme_both.py": classes, "acme_executor.py": EXECUTOR}
    install("alpha", {"b": "acme_both:B", "a": "acme_both:A"}, files)

    assert list(found().entries) == ["a", "b", "one", "two"]
    assert list(found().catalog()["actions"]) == ["a", "b", "one", "two"]


def test_categories_of_classes_come_last_unless_a_catalog_knows_them(install: Install) -> None:
    install("acme-class", {"acme_greet": "acme_greet:Greet"}, class_style())
    assert found().categories == [{"name": "Greetings", "icon": "puzzle", "order": 1000}]

    install("beta", {"beta": "beta_generated"}, schema_first(action("beta"), prefix="beta"))
    assert found().categories == [{"name": "Greetings", "icon": "smile", "order": 70}]


def test_a_catalog_of_an_older_version_is_completed(install: Install) -> None:
    entries = json.loads(catalog(action()))
    del entries["actions"]["acme_greet"]["meta"]["stability"]
    install(
        "acme-actions",
        {"acme": "acme_generated"},
        schema_first() | {"acme_generated/catalog.json": json.dumps(resealed(entries))},
    )

    assert found().entries["acme_greet"]["meta"]["stability"] == "stable"


def resealed(document: dict[str, Any]) -> dict[str, Any]:
    """Give a changed catalog the digests that its generator would have given it."""
    for entry in document["actions"].values():
        entry["digest"] = digest_of(entry["meta"])
    categories = [[each["name"], each["icon"], each["order"]] for each in document["categories"]]
    document["digest"] = digest_of([categories, [[key, each["digest"]] for key, each in document["actions"].items()]])
    return document


# What is refused


def test_a_missing_package_is_refused(install: Install) -> None:
    install("acme-actions", {"acme": "acme_generated"}, {})

    assert the_reason().startswith("there is no package acme_generated")


def test_a_package_without_catalog_is_refused(install: Install) -> None:
    install("acme-actions", {"acme": "acme_generated"}, {"acme_generated/__init__.py": ""})

    assert "catalog.json is missing; run bud generate" in the_reason()


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:-20],
        lambda text: text.replace("Says hello.", "Says goodbye."),
        lambda text: text.replace('"order":70', '"order":71'),
        lambda text: text.replace('"acme_greet":{', '"other":{'),
        lambda text: text.replace('"source":', '"sauce":'),
        lambda text: "[" * 100_000,
        lambda text: "[]",
        lambda text: "{}",
        lambda text: '{"digest": 1, "categories": 2, "actions": 3}',
        lambda text: "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
    ],
)
def test_a_damaged_catalog_is_refused(install: Install, damage: Callable[[str], str]) -> None:
    files = schema_first()
    files["acme_generated/catalog.json"] = damage(files["acme_generated/catalog.json"])
    install("acme-actions", {"acme": "acme_generated"}, files)

    assert "write it anew with bud generate" in the_reason()


@pytest.mark.parametrize("place", ["meta", "param"])
def test_a_catalog_of_a_newer_version_is_refused(install: Install, place: str) -> None:
    document = json.loads(catalog(action()))
    meta = document["actions"]["acme_greet"]["meta"]
    (meta if place == "meta" else meta["params"][0])["novelty"] = True
    files = schema_first() | {"acme_generated/catalog.json": json.dumps(resealed(document))}
    install("acme-actions", {"acme": "acme_generated"}, files)

    assert "has `novelty`, which is newer than the installed bud-actions; upgrade" in the_reason()


def test_a_missing_executor_is_refused_and_the_rest_served(install: Install) -> None:
    files = schema_first(action("acme_greet"), action("acme_wave"))
    del files["acme_actions/builtin/acme_wave.py"]
    install("acme-actions", {"acme": "acme_generated"}, files)

    assert "there is no module acme_actions.builtin.acme_wave" in the_reason()
    assert list(found(allow_broken=True).entries) == ["acme_greet"]
    assert found(allow_broken=True).packages[0].digest != json.loads(files["acme_generated/catalog.json"])["digest"]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "ModuleNotFoundError: No module named 'acme_greet'"),
        ({"acme_greet.py": "import acme_nowhere"}, "ModuleNotFoundError: No module named 'acme_nowhere'"),
        ({"acme_greet.py": "raise SystemExit(3)"}, "SystemExit: 3"),
        ({"acme_greet.py": "class Other: ..."}, "has no attribute 'Greet'"),
        ({"acme_greet.py": "class Greet: ..."}, "acme_greet:Greet has no `meta` that is an ActionMeta"),
        ({"acme_greet.py": "class Greet:\n  meta = {}"}, "has no `executor_class` that is a class with execute"),
        (
            {"acme_greet.py": f"{UNWRITTEN}\nclass Greet: meta, executor_class = {{}}, Unwritten"},
            "does not define execute",
        ),
        (
            {"acme_greet.py": f"{EXECUTOR}\nclass Greet: meta={{'type': 'Greet'}}; executor_class=Executor"},
            "the meta of acme_greet:Greet is not valid: ",
        ),
        (
            class_style("acme_other"),
            "the type of acme_greet:Greet is acme_other; name the entry point acme_other too",
        ),
    ],
)
def test_a_broken_class_is_refused(install: Install, files: dict[str, str], said: str) -> None:
    install("acme-actions", {"acme_greet": "acme_greet:Greet"}, files)

    assert said in the_reason()


@pytest.mark.parametrize("value", ["acme generated", "acme:", "1acme", "acme:Greet."])
def test_a_senseless_value_is_refused(install: Install, value: str) -> None:
    install("acme-actions", {"acme": value}, {})

    assert "acme" in the_reason()


@pytest.mark.parametrize("aliases", [(), ("acme_greet",)])
def test_of_a_type_claimed_twice_both_distributions_are_named_and_neither_is_served(
    install: Install, aliases: tuple[str, ...]
) -> None:
    second_type = "beta_greet" if aliases else "acme_greet"
    install("acme-actions", {"acme": "acme_generated"}, schema_first(action("acme_greet"), action("acme_wave")))
    install("beta-actions", {second_type: "acme_greet:Greet"}, class_style(second_type, aliases))

    with pytest.raises(DiscoveryError) as caught:
        found()

    first, second = caught.value.broken
    assert (first.distribution, second.distribution) == ("acme-actions", "beta-actions")
    assert f"also claimed by beta-actions 1.0 (entry {second_type}, action {second_type})" in first.reason
    assert "also claimed by acme-actions 1.0 (entry acme, action acme_greet)" in second.reason
    assert list(found(allow_broken=True).entries) == ["acme_wave"]


def test_nobody_can_take_the_place_of_an_action_that_comes_along(install: Install) -> None:
    install("aaa", {"log": "acme_greet:Greet"}, class_style("log"), group="budpipeline.actions")

    assert [each.distribution for each in discover(allow_broken=True).broken] == ["aaa", "bud-actions"]
    assert "log" not in discover(allow_broken=True).entries
    assert len(discover(allow_broken=True).entries) == len(CATALOG["actions"]) - 1


def test_every_broken_package_is_listed(install: Install) -> None:
    install("acme-one", {"acme": "acme_generated"}, {})
    install("acme-two", {"acme_greet": "acme_greet:Greet"}, {})

    with pytest.raises(DiscoveryError, match=r"(?s)acme-one 1\.0, entry acme: .*acme-two 1\.0, entry acme_greet: "):
        found()
    assert found(allow_broken=True).packages == ()


def test_without_a_json_schema_library_it_says_what_to_install(install: Install) -> None:
    script = (
        "import sys\nsys.modules['jsonschema_rs'] = sys.modules['jsonschema'] = None\n"
        "from bud_actions.base import discover\n"
        f"print(discover({GROUP!r}, allow_broken=True).broken[0].reason)"
    )
    site = install("acme-actions", {"acme_greet": "acme_greet:Greet"}, class_style())
    done = subprocess.run([sys.executable, "-c", script], cwd=site, capture_output=True, text=True, check=True)

    assert done.stdout == "checking an action's metadata needs jsonschema-rs: pip install jsonschema-rs\n"


def test_the_slower_json_schema_library_does_too() -> None:
    script = (
        "import sys\nsys.modules['jsonschema_rs'] = None\n"
        "from bud_schemas.metadata import meta_problems\n"
        "print(meta_problems({'type': 'a', 'params': [{}]}))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert "params[0]: 'name' is a required property" in done.stdout


# How they are used


def test_reading_what_is_installed_imports_little() -> None:
    script = (
        "import sys, json\nimport bud_actions.base\nbefore = set(sys.modules)\n"
        "bud_actions.base.action_registry.discover_actions()\n"
        "print(json.dumps([sorted(each for each in sys.modules if each.startswith('bud_')), "
        "sorted({each.partition('.')[0] for each in set(sys.modules) - before} - sys.stdlib_module_names)]))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    ours, others = json.loads(done.stdout)

    assert not [name for name in ours if name.startswith(("bud_generated", "bud_actions.builtin", "bud_codegen"))]
    assert others == ["bud_schemas"]


def test_an_executor_gets_plain_params_and_defaults(install: Install) -> None:
    executor = """
from bud_actions.base import TypedExecutor
from bud_generated.builtin.log import Outputs, Params

class Executor(TypedExecutor[Params, Outputs]):
    async def run(self, params, context):
        return Outputs(logged=True, message=params.message, level=params.level)
"""
    entry = CATALOG["actions"]["log"]
    document = {"digest": "", "categories": CATALOG["categories"], "actions": {"log": dict(entry)}}
    document["actions"]["log"]["executor"] = "acme_log:Executor"
    files = {"acme_generated/catalog.json": json.dumps(resealed(document)), "acme_log.py": executor}
    install("acme-log", {"acme": "acme_generated"}, files)

    result = run(ActionRegistry(found()).get_executor("log"), {"message": "hello"})

    assert result.success
    assert result.outputs.items() >= {"logged": True, "message": "hello", "level": "info"}.items()


def test_all_lookups_agree(install: Install) -> None:
    install("acme-actions", {"acme_greet": "acme_greet:Greet"}, class_style(aliases=("acme_hello",)))
    registry = ActionRegistry()
    assert registry.list_actions() == []

    registry.discover_actions(GROUP)
    registry.discover_actions(GROUP)
    meta = registry.get_meta("acme_greet")

    assert meta is registry.get_meta("acme_hello")
    assert isinstance(meta, ActionMeta)
    assert meta.outputs[0].type is OutputType.STRING
    assert registry.get_meta("nothing") is None
    assert registry.list_actions() == ["acme_greet"]
    assert registry.has("acme_hello")
    assert not registry.has("nothing")
    assert registry.get_all_meta() == [meta]
    assert registry.get_by_category() == {"Greetings": [meta]}
    assert registry.entry("acme_hello")["meta"]["type"] == "acme_greet"
    assert registry.get_executor("acme_hello") is registry.get_executor("acme_greet")
    assert run(registry.get_executor("acme_greet"), {"person": "Ada"}).outputs == {"text": "hello Ada"}
    for lookup in (registry.entry, registry.get_executor):
        with pytest.raises(KeyError, match="Unknown action type: nothing"):
            lookup("nothing")


def test_threads_share_one_executor(install: Install) -> None:
    slow = EXECUTOR + "    made = []\n    def __init__(self):\n        self.made.append(1)\n"
    install("acme-actions", {"acme": "acme_generated"}, schema_first_importable(slow))
    registry = ActionRegistry(found())
    together = threading.Barrier(8)
    got: list[BaseActionExecutor] = []

    def get() -> None:
        together.wait()
        got.append(registry.get_executor("acme_greet"))

    threads = [threading.Thread(target=get) for _ in range(8)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)

    assert len(got) == 8
    assert len({id(each) for each in got}) == 1
    assert got[0].made == [1]  # type: ignore[attr-defined]


def schema_first_importable(executor: str) -> dict[str, str]:
    files = {path: "" if path.endswith("__init__.py") else text for path, text in schema_first().items()}
    return files | {"acme_actions/builtin/acme_greet.py": executor}


@pytest.mark.parametrize("text", ["", "import acme_nowhere", "class Executor:\n  def __init__(self): 1 / 0"])
def test_an_executor_that_cannot_be_made_names_its_distribution(install: Install, text: str) -> None:
    install("acme-actions", {"acme": "acme_generated"}, schema_first_importable(text))

    with pytest.raises(ExecutorError, match=r"the executor of acme_greet \(acme-actions 1\.0\) cannot be made: "):
        ActionRegistry(found()).get_executor("acme_greet")


META = ActionMeta(
    type="acme_ping",
    version="1.0.0",
    name="Ping",
    description="Answers.",
    category="Greetings",
    execution_mode=ExecutionMode.SYNC,
    params=[ParamDefinition(name="count", label="Count", type=ParamType.NUMBER, default=1)],
    retry_policy=RetryPolicy(max_attempts=3),
)


class Ping(BaseActionExecutor):
    async def execute(self, context: ActionContext) -> ActionResult:
        return ActionResult(success=True)


def test_metadata_without_a_version_is_of_the_first_one() -> None:
    members: dict[str, Any] = {"type": "ping", "name": "Ping", "description": "Pings.", "category": "Integration"}

    meta = ActionMeta(**members, execution_mode=ExecutionMode.SYNC)

    assert meta.version == complete({**members, "execution_mode": "sync"})["version"] == "1.0.0"
    assert meta.validate() == []


def test_a_class_can_be_registered_by_hand() -> None:
    registry = ActionRegistry()

    @registry.register
    @register_action(META)
    class PingAction:
        executor_class = Ping

    assert registry.register(PingAction) is PingAction
    assert registry.list_actions() == ["acme_ping"]
    assert isinstance(registry.get_executor("acme_ping"), Ping)
    with pytest.raises(ValueError, match=r"action type acme_ping of .*Other is already taken by .*PingAction"):
        registry.register(type("Other", (), {"meta": META, "executor_class": Ping}))
    with pytest.raises(ValueError, match="has no `executor_class`"):
        registry.register(type("Other", (), {"meta": META}))


def test_a_class_that_registers_itself_may_be_an_entry_point_too(install: Install) -> None:
    text = CLASS.format(type="acme_greet", aliases=[]) + "\nimport acme_registry; acme_registry.it.register(Greet)\n"
    files = class_style() | {"acme_greet.py": text, "acme_registry.py": "it = None"}
    install("acme-actions", {"acme_greet": "acme_greet:Greet"}, files)
    registry = ActionRegistry()
    vars(importlib.import_module("acme_registry"))["it"] = registry
    registry.discover_actions(GROUP)

    assert registry.list_actions() == ["acme_greet"]
    with pytest.raises(ValueError, match="already taken"):
        registry.register(type("Other", (), {"meta": registry.get_meta("acme_greet"), "executor_class": Ping}))


def test_the_former_registry_warns_once_for_each_line_that_calls_it() -> None:
    registry = ActionRegistry()
    registry.register(type("PingAction", (), {"meta": META, "executor_class": Ping}))
    handlers = DeprecatedHandlerRegistry(registry)
    assert handlers.has("acme_ping")

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        first = inspect.currentframe().f_lineno + 2  # type: ignore[union-attr]
        for _ in range(3):
            assert handlers.get("acme_ping") is registry.get_executor("acme_ping")
        handlers.get("acme_ping")

    assert [(each.category, each.filename, each.lineno) for each in caught] == [
        (DeprecationWarning, __file__, first),
        (DeprecationWarning, __file__, first + 1),
    ]


class AnsweringServices:
    """Answer as a service would."""

    async def invoke(self, *_call: object) -> dict[str, object]:
        return {"success": True, "workflow_id": "w-1"}

    async def publish(self, *_message: object) -> None:
        """Take the message."""


def test_an_event_driven_class_needs_only_another_import_line(install: Install) -> None:
    text = (ROOT / "tests/class_style/model_add.py.txt").read_text()
    install("acme-models", {"model_add": "acme_model_add:ModelAddAction"}, {"acme_model_add.py": text})
    registry = ActionRegistry(found())
    meta, executor = registry.get_meta("model_add"), registry.get_executor("model_add")
    event = EventContext(
        step_execution_id="s-1",
        execution_id="e-1",
        external_workflow_id="w-1",
        event_type="workflow_completed",
        event_data={"status": "COMPLETED", "model_id": "m-1"},
        step_outputs={"model_name": "llama"},
    )

    context = ActionContext(params={"huggingface_id": "meta/llama"}, services=AnsweringServices())
    started = asyncio.run(executor.execute(context))
    ended = asyncio.run(executor.on_event(event))

    assert meta is not None
    assert meta.execution_mode is ExecutionMode.EVENT_DRIVEN
    assert meta.retry_policy == RetryPolicy(max_attempts=3, backoff_multiplier=2.0, initial_interval_seconds=5)
    assert (started.awaiting_event, started.external_workflow_id) == (True, "w-1")
    assert (ended.action, ended.status) == (EventAction.COMPLETE, StepStatus.COMPLETED)
    assert ended.outputs["model_id"] == "m-1"
    assert registry.entry("model_add")["input_schema"]["required"] == ["huggingface_id"]


# Whether metadata is valid


def test_metadata_says_what_is_wrong_with_it() -> None:
    assert META.validate() == []
    wrong = ActionMeta(
        type="Bad Type",
        version="1",
        name="",
        description="x",
        category="y",
        execution_mode=ExecutionMode.SYNC,
        outputs=[OutputDefinition(name="o", type="strng")],  # type: ignore[arg-type]
    )
    messages = " | ".join(wrong.validate())
    for place in ("type: ", "version: ", "name: ", "outputs[0].type: "):
        assert place in messages


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"execution_mode": "event_driven"}, "timeout_seconds is missing"),
        ({"params": [{"type": "select"}]}, "p: a select has no options"),
        ({"params": [{"options": [{"value": "a", "label": "A"}]}]}, "p: a string has options"),
        ({"params": [{"type": "select", "options": [{"value": "a", "label": "A"}] * 2}]}, "option `a` is listed twice"),
        ({"params": [{}, {}]}, "params: `p` is defined twice"),
        ({"params": [{"schema": {"type": "object"}}]}, "only a json param takes a schema"),
        ({"params": [{"type": "model_ref", "ref_type": "cluster"}]}, "a model_ref does not point at a cluster"),
        ({"params": [{"required": True, "default": "x"}]}, "required and has a default"),
        ({"params": [{"validation": {"pattern": "("}}]}, "the pattern ( is not"),
        ({"params": [{"type": "json", "schema": {"type": "string", "pattern": "["}}]}, "the pattern [ is not"),
        ({"params": [{"default": 1}]}, "p: its default is not valid: p: must be a string"),
        ({"params": [{"show_when": {"param": "q", "equals": 1}}]}, "looks at `q`, which is not a param"),
        ({"params": [{"show_when": {"param": "p", "equals": 1}}]}, "show_when leads back to itself"),
        ({"rules": [{"kind": "requires", "params": ["q"], "message": "m"}]}, "rules[0]: `q` is not a param"),
        ({"rules": [{"kind": "matches", "params": ["p"], "message": "m"}], "params": [{}]}, "has a pattern"),
        ({"examples": [{"title": "T", "params": {"q": 1}}]}, "example `T` is not valid: Unknown parameter: q"),
        ({"examples": [{"title": "T", "params": {"q": {1}}}]}, "it cannot be written as JSON"),
        ({"examples": [{"title": "T", "params": {"q": float("nan")}}]}, "it cannot be written as JSON"),
    ],
)
def test_contradictions_are_found(changes: dict[str, Any], said: str) -> None:
    changed = action(outputs=[], params=[]) | changes
    changed["params"] = [{"name": "p", "label": "P", "type": "string", **each} for each in changed["params"]]

    assert said in " | ".join(meta_problems(changed))


@given(action_documents())
def test_what_the_generator_takes_is_valid_however_it_is_written(document: dict[str, Any]) -> None:
    completed = complete(document)

    assert meta_problems(document) == meta_problems(completed) == []
    assert ActionMeta.from_dict(completed).validate() == []


@pytest.mark.parametrize("entry", CATALOG["actions"].values(), ids=lambda entry: str(entry["meta"]["type"]))
def test_an_entry_made_of_metadata_is_the_generated_one(entry: dict[str, Any]) -> None:
    made = entry_of(entry["meta"], entry["source"], entry["executor"])

    assert json.dumps(made) == json.dumps(entry)
