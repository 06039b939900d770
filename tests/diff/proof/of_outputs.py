"""Mutations of an action's outputs."""

from random import Random

from tests.diff.proof.picking import Document, DoesNotApplyError, an_output, another, in_place, listed, one_of

TYPES = ("string", "number", "boolean", "object", "array")


def _is_open(document: Document) -> bool:
    return any(output["name"] == "*" for output in document.get("outputs", ()))


@in_place
def add_output(_chance: Random, document: Document) -> None:
    if _is_open(document):
        raise DoesNotApplyError
    listed(document, "outputs").append({"name": "newcomer", "type": "string"})


@in_place
def add_nullable_output(_chance: Random, document: Document) -> None:
    if _is_open(document):
        raise DoesNotApplyError
    listed(document, "outputs").append({"name": "newcomer", "type": "number", "nullable": True})


@in_place
def remove_output(chance: Random, document: Document) -> None:
    output = an_output(chance, document)
    document["outputs"].remove(output)


@in_place
def rename_output(chance: Random, document: Document) -> None:
    an_output(chance, document)["name"] = "renamed_here"


@in_place
def change_type_of_output(chance: Random, document: Document) -> None:
    output = an_output(chance, document, *TYPES)
    output["type"] = another(chance, TYPES, output["type"])
    output.pop("schema", None)


@in_place
def widen_output(chance: Random, document: Document) -> None:
    output = an_output(chance, document, *TYPES)
    output["type"] = "any"
    output.pop("schema", None)


@in_place
def narrow_output(chance: Random, document: Document) -> None:
    output = an_output(chance, document, "any")
    output["type"] = one_of(chance, TYPES)


@in_place
def make_output_nullable(chance: Random, document: Document) -> None:
    output = an_output(chance, document, *TYPES)
    if output.get("nullable"):
        raise DoesNotApplyError
    output["nullable"] = True


@in_place
def make_output_certain(chance: Random, document: Document) -> None:
    outputs = (each for each in document.get("outputs", ()) if each.get("nullable"))
    del one_of(chance, outputs)["nullable"]


@in_place
def list_values_of_output(chance: Random, document: Document) -> None:
    output = an_output(chance, document, "string")
    if "schema" in output:
        raise DoesNotApplyError
    output["schema"] = {"type": "string", "enum": ["done", "failed"]}


@in_place
def describe_object_output(chance: Random, document: Document) -> None:
    output = an_output(chance, document, "object")
    if "schema" in output:
        raise DoesNotApplyError
    output["schema"] = {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]}


@in_place
def describe_list_output(chance: Random, document: Document) -> None:
    output = an_output(chance, document, "array")
    if "schema" in output:
        raise DoesNotApplyError
    output["schema"] = {"type": "array", "items": {"type": "number"}}


@in_place
def forget_schema_of_output(chance: Random, document: Document) -> None:
    del one_of(chance, (each for each in document.get("outputs", ()) if _says_more(each)))["schema"]


def _says_more(output: Document) -> bool:
    """Whether an output's schema says more than that it has its type, as `additionalProperties: true` does not."""
    schema = {key: value for key, value in (output.get("schema") or {}).items() if value is not True}
    return bool(schema.keys() - {"type"})


@in_place
def yield_anything(_chance: Random, document: Document) -> None:
    if not document.get("outputs") or _is_open(document):
        raise DoesNotApplyError
    document["outputs"] = [{"name": "*", "type": "any"}]


@in_place
def yield_only_what_is_listed(_chance: Random, document: Document) -> None:
    if not _is_open(document):
        raise DoesNotApplyError
    document["outputs"] = [{"name": "done", "type": "boolean"}]


@in_place
def deprecate_output(chance: Random, document: Document) -> None:
    output = an_output(chance, document)
    if output.get("deprecated"):
        raise DoesNotApplyError
    output["deprecated"] = {"since": "1.0.0", "message": "Read another."}


@in_place
def revive_output(chance: Random, document: Document) -> None:
    del one_of(chance, (each for each in document.get("outputs", ()) if each.get("deprecated")))["deprecated"]


@in_place
def retell_output(chance: Random, document: Document) -> None:
    an_output(chance, document)["description"] = "Told anew."


MUTATIONS = (
    add_output, add_nullable_output, remove_output, rename_output, change_type_of_output, widen_output, narrow_output,
    make_output_nullable, make_output_certain, list_values_of_output, describe_object_output, describe_list_output,
    forget_schema_of_output, yield_anything, yield_only_what_is_listed, deprecate_output, revive_output, retell_output,
)  # fmt: skip
