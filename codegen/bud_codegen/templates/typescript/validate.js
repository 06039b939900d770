import { findAction } from "./catalog.js";

const LONGEST_SUBJECT = __LONGEST_SUBJECT__;
const BRANCHES_SCHEMA = __BRANCHES_SCHEMA__;
const NOTHING = Object.freeze([]);

const validators = /* @__PURE__ */ new WeakMap();

export function validateParams(type, params) {
  const action = findAction(type);
  if (action === undefined) return response([problem("", "unknown_action", `Unknown action: ${type}`)]);
  if (!validators.has(action)) validators.set(action, createValidator(action));
  return validators.get(action)(params);
}

export function createValidator(action) {
  const { params, rules } = action;
  const fields = params.map(makeField);
  const names = new Set(params.map((param) => param.name));
  const defaults = new Map(params.filter((param) => isSet(param.default)).map((param) => [param.name, param.default]));
  const renamed = new Map(params.filter((param) => param.renamedFrom).map((param) => [param.renamedFrom, param.name]));
  const conditional = params.filter((param) => param.visibleWhen).map((param) => [param.name, param.visibleWhen]);
  const conditions = inOrder(new Map(conditional));
  const ruleChecks = (rules ?? []).map(makeRule);

  return (params) => {
    const given = withNewNames(new Map(membersOf(params ?? {})), renamed);
    const state = stateOf(given, defaults, conditions);
    const own = fields.flatMap((field) => fieldProblems(field, state));
    const unknown = [...given.keys()].filter((name) => !names.has(name)).sort(byCodePoint);
    const refused = unknown.map((name) => problem(name, "unknown", `Unknown parameter: ${name}`));
    return response([...own, ...refused, ...ruleChecks.flatMap((check) => check(state))]);
  };
}

function response(problems) {
  return { valid: problems.length === 0, errors: problems.map((each) => each.message), problems };
}

function problem(param, code, message) {
  return Object.freeze({ param, code, message });
}

// The state of one step's params, as conditions and rules see it.

function stateOf(params, defaults, conditions) {
  const visible = new Map(); // per conditional param; null while it hangs on a template
  const isHidden = (name) => visible.get(name) === false;
  const given = (name) => (isAbsent(params.get(name)) || isHidden(name) ? undefined : params.get(name));
  const effective = (name) => given(name) ?? (isHidden(name) ? undefined : defaults.get(name));
  const state = { params, visible, given, effective };
  for (const [name, condition] of conditions) visible.set(name, holds(condition, state));
  return state;
}

function withNewNames(params, renamed) {
  const old = [...renamed.keys()].filter((name) => params.has(name) && isAbsent(params.get(renamed.get(name))));
  if (old.length === 0) return params;
  const kept = [...params].filter(([name]) => !old.includes(name));
  return new Map([...kept, ...old.map((name) => [renamed.get(name), params.get(name)])]);
}

function makeField(param) {
  const { name } = param;
  const isMissed = param.required && !isSet(param.default);
  const missing = isMissed ? [problem(name, "required", `Missing required parameter: ${name}`)] : NOTHING;
  return { name, check: (PARAM_CHECKS.get(param.type) ?? textCheck)(param), missing };
}

function fieldProblems({ name, check, missing }, { params, visible }) {
  const isVisible = visible.has(name) ? visible.get(name) : true;
  if (isVisible === false) return NOTHING;
  const value = params.get(name);
  if (!isAbsent(value)) return check(value);
  return isVisible ? missing : NOTHING;
}

// Conditions and rules.

/** Sort conditional params so that each comes after the param it looks at. */
function inOrder(conditions) {
  const ordered = new Map();
  const add = (name, path) => {
    const condition = conditions.get(name);
    if (condition === undefined || ordered.has(name) || path.includes(name)) return;
    add(condition.param, [...path, name]);
    ordered.set(name, condition);
  };
  for (const name of conditions.keys()) add(name, []);
  return ordered;
}

/** Whether a condition holds; null while it hangs on a template. */
function holds(condition, state) {
  if (hasMember(condition, "present")) return isSet(state.given(condition.param)) === condition.present;
  const value = state.effective(condition.param);
  if (isTemplate(value)) return null;
  if (hasMember(condition, "equals")) return isSame(value, condition.equals);
  return !isSame(value, condition.notEquals);
}

function makeRule(rule) {
  const { kind, message } = rule;
  const blame = RULES.get(kind)?.(rule);
  if (blame === undefined) return () => NOTHING; // newer than this package: the server checks it
  const conditions = rule.when ?? [];
  return (state) => {
    if (!conditions.every((condition) => holds(condition, state))) return NOTHING;
    return blame(state).map((name) => problem(name, kind, message));
  };
}

/** Per kind of rule: a function from the rule to one from the state to the params at fault; most blame one. */
const RULES = /* @__PURE__ */ new Map([
  ["exactly_one_of", exactlyOneOf],
  ["at_least_one_of", atLeastOneOf],
  ["requires", requires],
  ["ordered", ordered],
  ["matches", matches],
]);

function exactlyOneOf({ params }) {
  return ({ given }) => (params.filter((name) => isSet(given(name))).length === 1 ? NOTHING : params.slice(0, 1));
}

function atLeastOneOf({ params }) {
  return ({ effective }) => (params.some((name) => isSet(effective(name))) ? NOTHING : params.slice(0, 1));
}

function requires({ params }) {
  return ({ effective }) => params.filter((name) => !isSet(effective(name))).slice(0, 1);
}

function ordered({ params }) {
  return ({ effective }) => {
    const values = params.map(effective);
    const isAbove = (low, high) => isNumber(low) && isNumber(high) && low > high;
    const at = values.findIndex((low, index) => isAbove(low, values[index + 1]));
    return at < 0 ? NOTHING : [params[at]];
  };
}

function matches({ params, pattern }) {
  const isMatch = patternTest(pattern);
  const isUnlike = (value) => typeof value === "string" && !isTemplate(value) && !isMatch(value);
  return ({ effective }) => params.filter((name) => isUnlike(effective(name)));
}

// Checks of one param's given value, made once from its definition.

const PARAM_CHECKS = /* @__PURE__ */ new Map([
  ["number", numberCheck],
  ["boolean", booleanCheck],
  ["select", selectCheck],
  ["multiselect", multiselectCheck],
  ["range", rangeCheck],
  ["json", ({ name, schema }) => (schema ? schemaCheck(name, schema) : () => NOTHING)],
  ["branches", ({ name }) => schemaCheck(name, BRANCHES_SCHEMA)],
]);

function textCheck({ name, validation }) {
  const wrong = [problem(name, "type", `${name}: must be a string`)];
  const { minLength, maxLength, pattern, patternMessage } = validation ?? {};
  const limits = textLimits(name, name, { minLength, maxLength, pattern, patternMessage });
  return (value) => {
    if (typeof value !== "string") return wrong;
    return isTemplate(value) ? NOTHING : limits(value);
  };
}

function textLimits(name, path, { minLength, maxLength, pattern, patternMessage }) {
  const longest = isSet(pattern) ? Math.min(maxLength ?? LONGEST_SUBJECT, LONGEST_SUBJECT) : maxLength;
  const tooShort = problem(name, "min_length", `${path}: must be at least ${minLength} chars`);
  const tooLong = problem(name, "max_length", `${path}: must be at most ${longest} chars`);
  const unlike = problem(name, "pattern", `${path}: ${patternMessage || "format is invalid"}`);
  const isMatch = isSet(pattern) ? patternTest(pattern) : () => true;
  return (text) => {
    const length = isSet(minLength) || isSet(longest) ? codePointCount(text) : 0;
    if (isSet(longest) && length > longest) return [tooLong];
    const found = isSet(minLength) && length < minLength ? [tooShort] : [];
    return isMatch(text) ? found : [...found, unlike];
  };
}

function numberCheck({ name, validation }) {
  const wrong = [problem(name, "type", `${name}: must be a number`)];
  const limits = numberLimits(name, name, validation ?? {});
  return (value) => {
    if (isNumber(value)) return limits(value);
    return isTemplate(value) ? NOTHING : wrong;
  };
}

function numberLimits(name, path, { min, max, integer }) {
  const fraction = problem(name, "integer", `${path}: must be a whole number`);
  const tooLow = problem(name, "minimum", `${path}: must be >= ${min}`);
  const tooHigh = problem(name, "maximum", `${path}: must be <= ${max}`);
  return (number) => {
    const found = [];
    if (integer && !Number.isInteger(number)) found.push(fraction);
    if (isSet(min) && number < min) found.push(tooLow);
    if (isSet(max) && number > max) found.push(tooHigh);
    return found;
  };
}

function booleanCheck({ name }) {
  const wrong = [problem(name, "type", `${name}: must be true or false`)];
  return (value) => (typeof value === "boolean" || isTemplate(value) ? NOTHING : wrong);
}

function optionsOf({ name, options }) {
  const values = (options ?? []).map((option) => option.value);
  const unlisted = problem(name, "option", `${name}: must be one of: ${values.join(", ")}`);
  return { allowed: new Set(values), unlisted };
}

function selectCheck(param) {
  const { allowed, unlisted } = optionsOf(param);
  const wrong = [problem(param.name, "type", `${param.name}: must be a string`)];
  return (value) => {
    if (typeof value !== "string") return wrong;
    return allowed.has(value) || isTemplate(value) ? NOTHING : [unlisted];
  };
}

function multiselectCheck(param) {
  const { name } = param;
  const { allowed, unlisted } = optionsOf(param);
  const wrong = [problem(name, "type", `${name}: must be a list of strings`)];
  const repeated = problem(name, "duplicate", `${name}: must not repeat a value`);
  return (value) => {
    if (!Array.isArray(value)) return isTemplate(value) ? NOTHING : wrong;
    if (!value.every((item) => typeof item === "string")) return wrong;
    const found = value.every((item) => allowed.has(item) || isTemplate(item)) ? [] : [unlisted];
    return new Set(value).size < value.length ? [...found, repeated] : found;
  };
}

function rangeCheck({ name, validation }) {
  const wrong = [problem(name, "type", `${name}: must be a [min, max] pair of numbers`)];
  const inverted = problem(name, "order", `${name}: min value cannot be greater than max value`);
  const limits = numberLimits(name, name, validation ?? {});
  return (value) => {
    if (!Array.isArray(value)) return isTemplate(value) ? NOTHING : wrong;
    if (value.length !== 2 || !value.every((end) => isNumber(end) || isTemplate(end))) return wrong;
    const ends = value.filter(isNumber);
    const found = [...new Set(ends.flatMap(limits))];
    return ends.length === 2 && ends[0] > ends[1] ? [...found, inverted] : found;
  };
}

// JSON values, by the profile of JSON Schema.

function schemaCheck(name, schema) {
  return (value) => {
    const found = [];
    checkValue(value, schema, name, (code, message) => found.push(problem(name, code, message)));
    return found;
  };
}

/** Report everything in a value that its schema does not allow; the path is how messages name the value. */
function checkValue(value, schema, path, report) {
  if (isTemplate(value)) return;
  const kinds = Array.isArray(schema.type) ? schema.type : isSet(schema.type) ? [schema.type] : [];
  if (value === null && kinds.includes("null")) return;
  const kind = kinds.find((each) => each !== "null");
  if (kind !== undefined && !IS_KIND[kind](value)) return report("type", `${path}: must be ${KIND_NAMES[kind]}`);
  if (schema.enum && !schema.enum.some((each) => isSame(value, each))) {
    report("option", `${path}: must be one of: ${schema.enum.join(", ")}`);
  }
  for (const { code, message } of limitProblems(value, schema, path)) report(code, message);
  if (Array.isArray(value)) checkItems(value, schema, path, report);
  else if (isObject(value)) checkMembers(value, schema, path, report);
}

function limitProblems(value, schema, path) {
  if (isNumber(value)) return numberLimits("", path, { min: schema.minimum, max: schema.maximum })(value);
  if (typeof value !== "string") return NOTHING;
  const { minLength, maxLength, pattern } = schema;
  return textLimits("", path, { minLength, maxLength, pattern })(value);
}

function checkItems(items, schema, path, report) {
  const { minItems, maxItems } = schema;
  if (isSet(minItems) && items.length < minItems) report("min_items", `${path}: must have at least ${minItems} items`);
  if (isSet(maxItems) && items.length > maxItems) report("max_items", `${path}: must have at most ${maxItems} items`);
  if (schema.uniqueItems && new Set(items.map(identity)).size < items.length) {
    report("duplicate", `${path}: must not repeat a value`);
  }
  if (schema.items) items.forEach((item, index) => checkValue(item, schema.items, `${path}[${index}]`, report));
}

function checkMembers(object, schema, path, report) {
  const members = new Map(membersOf(object));
  const properties = new Map(Object.entries(schema.properties ?? {}));
  const required = new Set(schema.required ?? []);
  for (const key of [...new Set([...properties.keys(), ...required])].sort(byCodePoint)) {
    if (members.has(key)) checkValue(members.get(key), properties.get(key) ?? {}, `${path}.${key}`, report);
    else if (required.has(key)) report("required", `${path}.${key}: is required`);
  }
  const others = schema.additionalProperties ?? schema.properties === undefined;
  for (const key of [...members.keys()].filter((each) => !properties.has(each)).sort(byCodePoint)) {
    if (others === false && !required.has(key)) report("unknown", `${path}.${key}: is not allowed`);
    else if (isObject(others)) checkValue(members.get(key), others, `${path}.${key}`, report);
  }
}

const IS_KIND = {
  string: (value) => typeof value === "string",
  number: isNumber,
  integer: (value) => Number.isInteger(value),
  boolean: (value) => typeof value === "boolean",
  object: isObject,
  array: (value) => Array.isArray(value),
};

const KIND_NAMES = {
  string: "a string",
  number: "a number",
  integer: "a whole number",
  boolean: "true or false",
  object: "an object",
  array: "a list",
};

// Single values.

function isSet(value) {
  return value !== undefined && value !== null;
}

/** Whether a value counts as not given: the empty text is what a cleared form field sends. */
function isAbsent(value) {
  return !isSet(value) || value === "";
}

/** Whether a value is a text that contains `{{ ... }}`. */
function isTemplate(value) {
  if (typeof value !== "string") return false;
  const start = value.indexOf("{{");
  return start >= 0 && value.indexOf("}}", start + 2) >= 0;
}

function isNumber(value) {
  return Number.isFinite(value);
}

function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The members of an object that JSON would hold: its own, whatever their names, without undefined ones. */
function membersOf(object) {
  return Object.entries(object).filter(([, value]) => value !== undefined);
}

function hasMember(object, key) {
  return Object.hasOwn(object, key) && object[key] !== undefined;
}

/** Whether two values are equal as JSON: true is not 1, and the order of members does not count. */
function isSame(value, other) {
  return identity(value) === identity(other);
}

/** Return a text that is the same for equal JSON values only. */
function identity(value) {
  if (Array.isArray(value)) return `[${value.map(identity).join()}]`;
  if (!isObject(value)) return typeof value === "number" ? String(value) : JSON.stringify(value ?? null);
  const members = membersOf(value).map(([key, member]) => `${JSON.stringify(key)}:${identity(member)}`);
  return `{${members.sort().join()}}`;
}

const patterns = /* @__PURE__ */ new Map();

function patternTest(pattern) {
  return (text) => codePointCount(text) <= LONGEST_SUBJECT && compiled(pattern).test(text);
}

function compiled(pattern) {
  if (!patterns.has(pattern)) patterns.set(pattern, new RegExp(pattern, "u"));
  return patterns.get(pattern);
}

function codePointCount(text) {
  let count = text.length;
  for (let at = 0; at < text.length; at += 1) {
    if (text.codePointAt(at) > 0xffff) count -= 1;
  }
  return count;
}

/** Compare two texts by code points; the default order of JavaScript is that of UTF-16 units. */
function byCodePoint(first, second) {
  const left = Array.from(first, (character) => character.codePointAt(0));
  const right = Array.from(second, (character) => character.codePointAt(0));
  const at = left.findIndex((point, index) => point !== right[index]);
  if (at < 0) return left.length - right.length;
  return at < right.length ? left[at] - right[at] : 1;
}
