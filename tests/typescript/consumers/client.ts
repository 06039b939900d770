import { ApiError, createClient } from "@bud/actions";
import type { Client, Fetch } from "@bud/actions/client";

const fetch: Fetch = async (url, { method, headers, body }) => ({
  ok: true,
  status: 200,
  headers: { get: (name) => headers[name] ?? null },
  json: async () => ({ url, method, body }),
});

export const client: Client = createClient({ baseUrl: "", fetch, headers: () => ({ authorization: "x" }) });
export const later: Client = createClient({
  baseUrl: "https://api.example.com",
  headers: async () => ({ authorization: "x" }),
  onCatalogMismatch: (serverDigest, packageDigest) => serverDigest.localeCompare(packageDigest),
});
// @ts-expect-error `baseUrl` is required
createClient({});

export async function load(): Promise<string | null> {
  try {
    const { actions, total } = await client.listActions();
    const { valid } = await client.validate("everything", { message: "m" });
    const one = await client.getAction("newer than this package");
    return `${actions.length}${total}${valid}${one.icon}`;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const problem: unknown = error.problem;
    return problem === null ? null : `${error.status} ${error.message}`;
  }
}
