import { createClient, createValidator, catalog, validateParams } from "@bud/actions";
import type { ActionMap, ActionStep, EverythingInput, NothingInput, RulesInput, ValidateRequest } from "@bud/actions";

// The types of the package fit wherever params are taken.
const rules: RulesInput = {};
const everything: EverythingInput = { message: "m" };
const nothing: NothingInput = {};
const client = createClient({ baseUrl: "" });
declare const step: ActionStep;
declare const input: ActionMap[keyof ActionMap]["input"];
declare const form: ReadonlyMap<string, unknown>;
declare const values: { readonly [name: string]: unknown };
interface Draft {
  readonly message: string;
}
declare const draft: Draft;

validateParams("rules", rules);
validateParams("everything", everything);
validateParams("nothing", nothing);
validateParams("everything", draft);
validateParams("everything", values);
validateParams("everything", { message: "m", anything: 1 });
validateParams("everything", {});
validateParams(step.action, step.params ?? {});
validateParams(step.action, input);
createValidator(catalog.rules)(rules);

export const answer = client.validate("rules", rules);
export const answers = [client.validate(step.action, step.params), client.validate("nothing", { x: 1 })];
export const request: ValidateRequest = { actionType: "rules", params: rules };
export const literal: ValidateRequest = { actionType: "rules", params: { low: 1 } };

// @ts-expect-error a list
validateParams("rules", []);
// @ts-expect-error a list
export const list: ValidateRequest = { actionType: "rules", params: [rules] };
// @ts-expect-error null
validateParams("rules", null);
// @ts-expect-error not given
validateParams("rules", undefined);
// @ts-expect-error a text
client.validate("rules", "{}");
// @ts-expect-error a map
client.validate("rules", form);
