import { actionTypes, isKnownStep } from "@bud/actions";
import type { ActionMap, ActionStep, ActionType, WireStep } from "@bud/actions";

// `action` tells which params belong to a step.
export function describe(step: ActionStep): string {
  switch (step.action) {
    case "everything":
      return step.params.message;
    case "step_1":
      return String(step.params.wait);
    case "hostile":
    case "nothing":
    case "rules":
      return step.action;
    default:
      return step satisfies never;
  }
}

export const good: readonly ActionStep[] = [
  { action: "everything", params: { message: "hello" } },
  { id: "a", name: "A", action: "step_1", params: { wait: 3 }, depends_on: ["b"], condition: null },
  { action: "nothing", params: {} },
];

// @ts-expect-error no such action
export const unknownAction: ActionStep = { action: "gone", params: {} };
// @ts-expect-error `message` is required
export const missing: ActionStep<"everything"> = { action: "everything", params: {} };
// @ts-expect-error an unknown param
export const unknownParam: ActionStep<"step_1"> = { action: "step_1", params: { wait: 1, more: 2 } };
// @ts-expect-error the params of another action
export const mixed: ActionStep = { action: "step_1", params: { message: "hello" } };
// @ts-expect-error an action without params takes none
export const none: ActionStep<"nothing"> = { action: "nothing", params: { x: 1 } };

// A step from a server may use an action that this package does not know.
export function waitOf(step: WireStep): unknown {
  // @ts-expect-error unknown until the action is known
  step.params.wait;
  return isKnownStep(step) && step.action === "step_1" ? step.params.wait : step.action;
}

interface StoredStep extends WireStep {
  readonly position: number;
}
export function positionOf(step: StoredStep): number {
  return isKnownStep(step) && step.action === "nothing" ? step.position : 0;
}

// One handler per action, and a call typed by the action it is given.
export type Handlers = { readonly [K in ActionType]: (params: ActionMap[K]["params"]) => ActionMap[K]["outputs"] };
export declare function run<K extends ActionType>(action: K, input: ActionMap[K]["input"]): ActionMap[K]["outputs"];
export const logged: boolean = run("everything", { message: "hello" }).logged;
// @ts-expect-error `wait` is a number
run("step_1", { wait: true });

export const first: ActionType | undefined = actionTypes[0];
// @ts-expect-error the list is read-only
actionTypes.push("rules");
