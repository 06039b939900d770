import type { ActionReference } from "./actions.js";
import type { ActionMeta, ValidateResponse } from "./meta.js";

/** Params as a step gives them or a form holds them: any object, such as an action's input, but no list. */
export type ParamValues =
  | { readonly [name: string]: unknown }
  | (object & { readonly [Symbol.iterator]?: never });

/**
 * Return a function that checks params of one action, such as one fetched from a server.
 *
 * Its problems are those the server finds, in the same order and words. null, undefined and "" count as not given, and a
 * text that contains `{{ ... }}` is not checked: it has no value yet.
 */
export declare function createValidator(action: ActionMeta): (params: ParamValues) => ValidateResponse;

/** Check params of an action of the catalog, by its type or an alias. */
export declare function validateParams(type: ActionReference | (string & {}), params: ParamValues): ValidateResponse;
