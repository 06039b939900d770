export { actionTypes, isKnownStep } from "./actions.js";
export { catalog, catalogDigest, categories, findAction } from "./catalog.js";
export { ApiError, createClient } from "./client.js";
export { createValidator, validateParams } from "./validate.js";
