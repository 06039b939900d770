import { catalogDigest } from "./digest.js";

const JSON_TYPE = "application/json";

export class ApiError extends Error {
  constructor(status, problem) {
    super(typeof problem?.detail === "string" && problem.detail ? problem.detail : `The server answered ${status}`);
    this.name = "ApiError";
    this.status = status;
    this.problem = problem;
  }
}

export function createClient({ baseUrl, fetch, headers = {}, onCatalogMismatch = warn }) {
  const root = `${baseUrl.replace(/\/+$/, "")}/budpipeline/actions`;
  const send = fetch ?? ((url, request) => globalThis.fetch(url, request));
  const noticeCatalog = onceMismatched(onCatalogMismatch);
  const remembered = new Map(); // by URL: the ETag and the body it belongs to

  async function call(url, request, ownHeaders, signal) {
    const shared = typeof headers === "function" ? await headers() : headers;
    const init = { ...request, headers: { accept: JSON_TYPE, ...shared, ...ownHeaders } };
    const response = await send(url, signal ? { ...init, signal } : init);
    noticeCatalog(response.headers.get("x-bud-catalog"));
    return response;
  }

  async function get(url, { signal } = {}) {
    const known = remembered.get(url);
    const response = await call(url, { method: "GET" }, known ? { "if-none-match": known.etag } : {}, signal);
    if (response.status === 304 && known) return known.body;
    const body = await bodyOf(response);
    const etag = response.headers.get("etag");
    if (etag) remembered.set(url, { etag, body });
    return body;
  }

  async function validate(type, params, { signal } = {}) {
    const request = { method: "POST", body: JSON.stringify({ actionType: type, params }) };
    return bodyOf(await call(`${root}/validate`, request, { "content-type": JSON_TYPE }, signal));
  }

  return {
    listActions: (options) => get(root, options),
    getAction: (type, options) => get(`${root}/${encodeURIComponent(type)}`, options),
    validate,
  };
}

async function bodyOf(response) {
  if (response.ok) return response.json();
  throw new ApiError(response.status, await response.json().catch(() => null));
}

function onceMismatched(notify) {
  let isNotified = false;
  return (serverDigest) => {
    if (isNotified || !serverDigest || serverDigest === catalogDigest) return;
    isNotified = true;
    notify(serverDigest, catalogDigest);
  };
}

function warn(serverDigest, packageDigest) {
  console.warn(`The server's action catalog is ${serverDigest}, this package's is ${packageDigest}: update the package.`);
}
