import { createClient } from "@bud/actions";

// The platform's own types fit, without a cast.
const client = createClient({ baseUrl: location.origin, fetch: window.fetch });
const controller = new AbortController();

export const actions = client.listActions({ signal: controller.signal });
export const wrapped = createClient({ baseUrl: "", fetch: (url, request) => fetch(url, { ...request, mode: "cors" }) });
// @ts-expect-error not a signal
client.listActions({ signal: controller });
