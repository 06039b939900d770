// Prints the problems that the TypeScript package finds, for comparison with Python's.
//
//   node vectors.mjs <folder of the package> < {"metas": [...], "cases": [{"action": ..., "params": ...}, ...]}
//
// The metas are spelled in camelCase. A case whose action is not among them is looked up in the package's own catalog.
// Prints one list of [param, code, message] per case.

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const folder = resolve(process.argv[2]);
const { createValidator, validateParams } = await import(pathToFileURL(`${folder}/validate.js`).href);

const { metas, cases } = JSON.parse(readFileSync(0, "utf8"));
const validators = new Map(metas.map((meta) => [meta.type, createValidator(meta)]));

const found = cases.map(({ action, params }) => {
  const validate = validators.get(action) ?? ((values) => validateParams(action, values));
  return validate(params).problems.map(({ param, code, message }) => [param, code, message]);
});
process.stdout.write(JSON.stringify(found));
