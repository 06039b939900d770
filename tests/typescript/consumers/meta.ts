import { catalog, catalogDigest, categories, createValidator, findAction, validateParams } from "@bud/actions";
import type { ActionMeta, ParamDefinition, ParamType, ValidateResponse } from "@bud/actions";
import type { ActionListResponse } from "@bud/actions/meta";

export const literal: "everything" = catalog.everything.type;
export const meta: ActionMeta = catalog.rules;
export const digest: string = catalogDigest;
// @ts-expect-error no such action
catalog.gone;

// The kinds of params are closed, so that a form which forgets one does not compile.
export function widget(type: ParamType): string {
  switch (type) {
    case "string":
    case "template":
      return "text";
    case "number":
    case "range":
      return "number";
    case "boolean":
      return "checkbox";
    case "select":
    case "multiselect":
      return "select";
    case "json":
    case "branches":
      return "editor";
    case "model_ref":
    case "cluster_ref":
    case "project_ref":
    case "endpoint_ref":
    case "provider_ref":
    case "credential_ref":
    case "cloud_model_ref":
      return "reference";
    default:
      return type satisfies never;
  }
}

// Always there, null when unset; left out where null would mean something.
export function bounds(param: ParamDefinition): string | number | undefined {
  const placeholder: string | null = param.placeholder;
  const shown: boolean = param.visibleWhen === null || param.visibleWhen.equals === true;
  // @ts-expect-error a bound may be left out
  const least: number = param.validation?.min;
  return shown ? param.validation?.max : `${placeholder}${least}${param.options?.[0]?.label}`;
}
// @ts-expect-error the keys are camelCase
catalog.rules.timeout_seconds;

export const timeout: number | null = catalog.rules.timeoutSeconds;
export const names: readonly string[] = categories.map((category) => category.actions[0]?.name ?? category.name);
export const list: ActionListResponse = { actions: Object.values(catalog), categories, total: 1 };

const found = findAction("all_things");
export const result: ValidateResponse = found ? createValidator(found)({ x: 1 }) : validateParams("rules", {});
export const message: string | undefined = result.problems[0]?.message ?? result.errors[0];
export const other: ValidateResponse = validateParams("from a server" as string, {});
