/** Which headers of a message go on, in the form of `rawHeaders`: names and values in turn. */

/** They mean this connection, not the message. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  "connection",
  "expect",
  "http2-settings",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authentication-info",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** What the proxy sets itself, from what Node's parser has understood. */
const SET_HERE: ReadonlySet<string> = new Set(["host", "content-length"]);

/** A message as Node's parser has understood it. */
export interface Message {
  readonly rawHeaders: readonly string[];
  readonly headers: NodeJS.Dict<string | string[]>;
}

/** The headers of a request for the server. The body's length is told in the one way that the parser saw. */
export function requestHeaders(
  request: Message & { readonly method?: string | undefined },
  host: string,
): string[] {
  const kept = endToEnd(request).filter(([name]) => !SET_HERE.has(name.toLowerCase()));
  return [["Host", host], ...kept, ...bodyHeader(request)].flat();
}

/** The headers of a response for the session. Node chooses how the body is framed when the server named no length. */
export function responseHeaders(response: Message): string[] {
  return endToEnd(response).flat();
}

function endToEnd({ rawHeaders, headers }: Message): [string, string][] {
  const named = String(headers["connection"] ?? "")
    .toLowerCase()
    .split(",");
  // A length that `Connection` names is still the length.
  const dropped = new Set(named.map((name) => name.trim()).filter((name) => !SET_HERE.has(name)));
  const pairs: [string, string][] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2)
    pairs.push([rawHeaders[at] ?? "", rawHeaders[at + 1] ?? ""]);
  return pairs.filter(([name]) => !HOP_BY_HOP.has(name.toLowerCase()) && !dropped.has(name.toLowerCase()));
}

function bodyHeader({
  headers,
  method,
}: Message & { readonly method?: string | undefined }): [string, string][] {
  if (headers["transfer-encoding"] !== undefined) return [["Transfer-Encoding", "chunked"]];
  const length = headers["content-length"];
  if (typeof length === "string") return [["Content-Length", length]];
  return method === "POST" || method === "PUT" || method === "PATCH" ? [["Content-Length", "0"]] : [];
}
