import { ApiError, catalogDigest, createClient } from "@bud/actions";
import type { ActionListResponse, ActionMeta, LogInput, ValidateResponse } from "@bud/actions";
import type { Fetch } from "@bud/actions/client";

declare const process: { readonly argv: readonly string[] };
declare const console: { log(text: string): void; warn: (text: string) => void };
declare const globalThis: { readonly fetch: Fetch };

const [, , own = "", other = ""] = process.argv;
const statuses: number[] = [];
const warnings: string[] = [];
console.warn = (text) => void warnings.push(text);

const noting: Fetch = async (url, request) => {
  const response = await globalThis.fetch(url, request);
  statuses.push(response.status);
  return response;
};

async function problemOf(promise: Promise<unknown>): Promise<{ status: number; message: string; problem: unknown }> {
  const error = await promise.then(() => null, (reason: unknown) => reason);
  if (!(error instanceof ApiError)) throw new Error("there was no ApiError");
  return { status: error.status, message: error.message, problem: error.problem };
}

const client = createClient({ baseUrl: own, fetch: noting });
const listed: ActionListResponse = await client.listActions();
const again: ActionListResponse = await client.listActions();
const log: ActionMeta = await client.getAction("log");
const logAgain: ActionMeta = await client.getAction("log");
const input: LogInput = { message: "hello", level: "info" };
const right: ValidateResponse = await client.validate("log", input);
const wrong: ValidateResponse = await client.validate("log", { level: "loud" });
const snakeCase = await globalThis.fetch(`${own}/actions/validate`, {
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ action_type: "log", params: { level: "loud" } }),
});
const sameWarnings = warnings.length;

const stranger = createClient({ baseUrl: other });
const strange = await stranger.listActions();
await stranger.getAction("greet");

console.log(
  JSON.stringify({
    listed: { total: listed.total, types: listed.actions.map((each) => each.type), same: listed === again },
    log: { mode: log.executionMode, params: log.params.map((each) => each.name), same: log === logAgain },
    statuses: statuses.slice(0, 4),
    right,
    wrong,
    snakeCase: await snakeCase.json(),
    gone: await problemOf(client.getAction("no/such action")),
    unknown: await problemOf(client.validate("nothing_like_it", {})),
    sameWarnings,
    strange: strange.actions.map((each) => each.type),
    warnings,
    catalogDigest,
  }),
);
