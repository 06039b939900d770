"""Synthetic projects: as many valid actions as wanted, no two alike.

Each action is about 65 lines of YAML with six params of mixed types, three outputs and one example. Names, options,
bounds, patterns and texts come from a seeded random, so that nothing can be worked out once for several actions.
"""

import random
from pathlib import Path

SEED = 20_240
CATEGORIES = {
    "builtin": "Control Flow",
    "model": "Model",
    "cluster": "Cluster",
    "deployment": "Deployment",
    "simulation": "Simulation",
    "integration": "Integration",
}
"""Category names by folder; the standard ones, which every project may use."""
_WORD_LIST = (
    "account alert archive batch bucket cache channel cluster commit container cursor dataset device document domain "
    "endpoint event feature folder gateway graph group image index invoice job key label ledger library link list lock "
    "message metric model network node object order package page partition payment pipeline plan policy pool profile "
    "project prompt queue quota region release report request role route rule sample schema secret segment service "
    "session shard signal snapshot source stage store stream table tag task team template tenant ticket token topic "
    "trace trigger user vault vector version view volume window worker workflow workspace zone"
)
WORDS = _WORD_LIST.split()

_TEMPLATE = """\
type: {type}
version: "{version}"
name: {title}
description: {description}
category: {category}
icon: {icon}
execution_mode: sync
timeout_seconds: {timeout}
required_services: [{service}]
params:
  - name: {text}
    label: {text_label}
    type: string
    required: true
    description: {text_description}
    validation: {{min_length: {shortest}, max_length: {longest}}}
  - name: {select}
    label: {select_label}
    type: select
    default: {option}
    description: {select_description}
    options:
{options}
  - name: {number}
    label: {number_label}
    type: number
    default: {default}
    description: {number_description}
    validation: {{min: {lowest}, max: {highest}, integer: true}}
  - name: {flag}
    label: {flag_label}
    type: boolean
    default: false
    description: {flag_description}
  - name: {code}
    label: {code_label}
    type: string
    description: {code_description}
    show_when: {{param: {flag}, equals: true}}
    validation: {{pattern: "{pattern}", pattern_message: must look like {sample}}}
  - name: {several}
    label: {several_label}
    type: multiselect
    description: {several_description}
    options:
{choices}
outputs:
  - name: {done}
    type: boolean
    description: {done_description}
  - name: {found}
    type: string
    description: {found_description}
    nullable: true
  - name: {count}
    type: number
    description: {count_description}
examples:
  - title: {example}
    params:
      {text}: {text_value}
      {select}: {option}
      {number}: {number_value}
      {flag}: true
      {code}: {sample}
      {several}: [{choice}]
"""
_PARAMS = ("text", "select", "number", "flag", "code", "several")
_OUTPUTS = ("done", "found", "count")


def write_project(folder: Path, number: int) -> Path:
    """Write a project of `number` actions into a new folder and return it."""
    folder.mkdir(parents=True)
    (folder / "pyproject.toml").write_text('[tool.bud]\nprefix = "acme"\n', encoding="utf-8")
    for path, text in sources(number).items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    return folder


def sources(number: int) -> dict[str, str]:
    """Return {path: YAML text} of a project's first `number` actions."""
    folders = list(CATEGORIES)
    found = {}
    for index in range(number):
        folder = folders[index % len(folders)]
        action_type = _action_type(index)
        found[f"actions/acme_actions/{folder}/{action_type}.yaml"] = _action_text(index, action_type, folder)
    return found


def edit_one(folder: Path) -> str:
    """Change one default in one action of a project; return the path of its file."""
    path = min((folder / "actions" / "acme_actions" / "integration").glob("*.yaml"))
    before = path.read_text(encoding="utf-8")
    after = before.replace("    default: false\n", "    default: true\n", 1)
    if after == before:
        raise ValueError(f"{path} has no default to change")
    path.write_text(after, encoding="utf-8")
    return path.relative_to(folder).as_posix()


def edit_all(folder: Path) -> None:
    """Change one default in every action of a project."""
    for path in (folder / "actions" / "acme_actions").rglob("*.yaml"):
        before = path.read_text(encoding="utf-8")
        path.write_text(before.replace("    default: false\n", "    default: true\n", 1), encoding="utf-8")


def _action_type(index: int) -> str:
    first, second = random.Random(f"{SEED}/{index}/type").sample(WORDS, 2)  # noqa: S311 - not for secrets
    return f"{first}_{second}_{index}"


def _action_text(index: int, action_type: str, folder: str) -> str:
    chance = random.Random(f"{SEED}/{index}")  # noqa: S311 - not for secrets
    names = _names(chance)
    about = {
        "type": action_type,
        "version": f"{chance.randint(1, 9)}.{chance.randint(0, 20)}.{chance.randint(0, 20)}",
        "title": action_type.replace("_", " ").title(),
        "description": _sentence(chance, 14),
        "category": CATEGORIES[folder],
        "icon": "-".join(chance.sample(WORDS, 2)),
        "timeout": chance.randint(10, 3600),
        "service": f"{chance.choice(WORDS)}-{chance.randint(1, 99)}",
        "example": _sentence(chance, 5).removesuffix("."),
    }
    labels = {f"{key}_label": names[key].replace("_", " ").title() for key in _PARAMS}
    descriptions = {f"{key}_description": _sentence(chance, 9) for key in (*_PARAMS, *_OUTPUTS)}
    return _TEMPLATE.format_map(about | names | labels | descriptions | _values(chance))


def _names(chance: random.Random) -> dict[str, str]:
    """Return a different name for every param and output."""
    first = chance.sample(WORDS, len(_PARAMS) + len(_OUTPUTS))
    return {key: f"{word}_{chance.choice(WORDS)}" for key, word in zip((*_PARAMS, *_OUTPUTS), first, strict=True)}


def _values(chance: random.Random) -> dict[str, object]:
    """Return bounds and options, and values that keep to them."""
    options, choices = chance.sample(WORDS, 3), chance.sample(WORDS, 3)
    lowest, prefix = chance.randint(0, 50), "".join(chance.sample("abcdefghijklmnop", 3))
    highest = lowest + chance.randint(100, 5000)
    digits = chance.randint(2, 8)
    return {
        "shortest": chance.randint(1, 3),
        "longest": chance.randint(40, 400),
        "text_value": "-".join(chance.sample(WORDS, 3)),
        "options": _options(chance, options),
        "option": chance.choice(options),
        "choices": _options(chance, choices),
        "choice": ", ".join(chance.sample(choices, 2)),
        "lowest": lowest,
        "highest": highest,
        "default": chance.randint(lowest, highest),
        "number_value": chance.randint(lowest, highest),
        "pattern": f"^{prefix}-[0-9]{{{digits}}}$",
        "sample": f"{prefix}-{chance.randrange(10 ** (digits - 1), 10**digits)}",
    }


def _options(chance: random.Random, values: list[str]) -> str:
    return "\n".join(f"      - {{value: {value}, label: {value.title()} {chance.choice(WORDS)}}}" for value in values)


def _sentence(chance: random.Random, number: int) -> str:
    return f"Takes the {' '.join(chance.choices(WORDS, k=number))} of the {chance.choice(WORDS)}."
