import type { EverythingInput, EverythingOutputs, EverythingParams, HostileInput, HostileOutputs } from "@bud/actions";

export const full: EverythingInput = {
  message: "{{ params.text }}",
  level: "warn",
  count: 3,
  ratio: null,
  verbose: true,
  kinds: ["a", "{{ params.kind }}"],
  span: [1, "{{ params.end }}"],
  anything: { at: ["all"] },
  specification: {
    minReplicas: "{{ params.n }}",
    kind: "cpu",
    level: null,
    tags: ["x"],
    points: [[1, 2]],
    "extra-key": { on: true },
  },
  branches: [{ id: "yes", condition: "{{ params.ok }}", label: null }],
};

export const templates: EverythingInput = {
  message: "m",
  level: "{{ params.level }}",
  count: "{{ params.count }}",
  verbose: "is {{ params.verbose }}",
  kinds: "{{ params.kinds }}",
  span: "{{ params.span }}",
  specification: "{{ params.specification }}",
  branches: "{{ params.branches }}",
};

// null counts as absent, undefined is not JSON.
export const cleared: EverythingInput = { message: "m", count: null, model: null, specification: null };
// @ts-expect-error exactOptionalPropertyTypes
export const unset: EverythingInput = { message: "m", count: undefined };
// @ts-expect-error a required param is not null
export const noMessage: EverythingInput = { message: null };
// @ts-expect-error not an option
export const option: EverythingInput = { message: "m", level: "debug" };
// @ts-expect-error not an option
export const item: EverythingInput = { message: "m", kinds: ["d"] };
// @ts-expect-error a text that is not a template
export const text: EverythingInput = { message: "m", count: "3" };
// @ts-expect-error two ends
export const pair: EverythingInput = { message: "m", span: [1] };
// @ts-expect-error a closed object
export const member: EverythingInput = { message: "m", specification: { minReplicas: 1, more: 1 } };
// @ts-expect-error a required member
export const lacking: EverythingInput = { message: "m", specification: {} };

// An executor receives the defaults, and values instead of templates.
export function use(params: EverythingParams): number {
  const level: "info" | "warn" = params.level;
  const span: readonly [number, number] = params.span ?? [0, level.length];
  const kinds: readonly ("a" | "b" | "c")[] = params.kinds ?? [];
  // @ts-expect-error it may be hidden
  const model: string = params.model;
  // @ts-expect-error read-only
  params.count = 3;
  return params.count + span[0] + kinds.length + model.length;
}
// @ts-expect-error no templates
export const raw: EverythingParams["count"] = "{{ params.count }}";
// @ts-expect-error no null
export const empty: EverythingParams = { message: "m", level: "info", count: 1, verbose: true, token: "t", ratio: null };

// Results may gain values.
export function read(outputs: EverythingOutputs): string {
  const state: string = outputs.state;
  // @ts-expect-error open: other values may come
  const closed: "ok" | "failed" = outputs.state;
  const score: number | null = outputs.score;
  const ttft: number | undefined = outputs.details.ttft;
  // @ts-expect-error read-only
  outputs.items.push(1);
  return `${state}${closed}${score}${ttft}${outputs.state === "ok"}`;
}

export const any: HostileOutputs = { whatever: 1 };
export const hostile: HostileInput = { text: "*/", shape: {}, tree: [] };
// @ts-expect-error not the option
export const choice: HostileInput = { choice: "*/" };
