import type { ActionReference } from "./actions.js";
import type { ActionListResponse, ActionMeta, ValidateResponse } from "./meta.js";
import type { ParamValues } from "./validate.js";

/** The platform's AbortSignal where its types are loaded. */
export type Signal = typeof globalThis extends { readonly AbortSignal: { readonly prototype: infer S } }
  ? S
  : { readonly aborted: boolean };

/** What the client asks of `fetch`. */
export interface FetchRequest {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body?: string;
  readonly signal?: Signal;
}

/** What the client reads from a response. */
export interface FetchResponse {
  readonly ok: boolean;
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  json(): Promise<unknown>;
}

/** The platform's `fetch`, or something like it. */
export type Fetch = (url: string, request: FetchRequest) => Promise<FetchResponse>;

/** Headers by name. */
export type RequestHeaders = Readonly<Record<string, string>>;

export interface ClientOptions {
  /** Where the API starts: `https://api.example.com`, or "" for the page's own origin. */
  readonly baseUrl: string;
  /** Left out, the platform's. */
  readonly fetch?: Fetch;
  /** Sent with every request, or a function that is asked for them before each. */
  readonly headers?: RequestHeaders | (() => RequestHeaders | Promise<RequestHeaders>);
  /** Called once when the server's catalog is not the one of this package; left out, a warning on the console. */
  readonly onCatalogMismatch?: (serverDigest: string, packageDigest: string) => void;
}

export interface CallOptions {
  readonly signal?: Signal;
}

export interface Client {
  /** Return every action of the server. Asked again, it is downloaded again only if it changed. */
  listActions(options?: CallOptions): Promise<ActionListResponse>;
  /** Return one action; an ApiError with status 404 when there is none. */
  getAction(type: ActionReference | (string & {}), options?: CallOptions): Promise<ActionMeta>;
  /** Let the server check params of an action. */
  validate(type: ActionReference | (string & {}), params: ParamValues, options?: CallOptions): Promise<ValidateResponse>;
}

/** An answer that is not a success; its message is the sentence that the server gave for people. */
export declare class ApiError extends Error {
  constructor(status: number, problem: unknown);
  readonly name: "ApiError";
  readonly status: number;
  /** The body of the answer (RFC 9457), or null if it was not JSON. */
  readonly problem: unknown;
}

/** Return a client of a server's action catalog. Its methods may be passed around on their own. */
export declare function createClient(options: ClientOptions): Client;
