export * from "./actions.js";
export * from "./catalog.js";
export * from "./client.js";
export type * from "./meta.js";
export * from "./validate.js";
