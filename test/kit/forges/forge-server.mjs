/**
 * An https server with the API of a forge. Every request is checked against the description of that API (path, query, and
 * body, in which no unknown key is accepted), and what it opens is kept, so that it can be found again.
 */
import { readFile } from "node:fs/promises";
import { createServer } from "node:https";
import { Ajv } from "ajv";
import { GITLAB } from "./gitlab.mjs";

/** @typedef {import("node:http").IncomingMessage} IncomingMessage */
/** @typedef {import("../certificates.mjs").Certificate} Certificate */
/** @typedef {"github" | "gitlab" | "gitea"} ForgeName */
/** @typedef {{ number: number, branch: string, base: string, title: string, body: string, draft: boolean, labels: string[], open: boolean }} Request */
/** @typedef {{ status: number, headers?: Record<string, string>, json?: unknown }} Answer */
/** @typedef {{ method: string, path: string, query: Record<string, string>, body: any, headers: IncomingMessage["headers"] }} Call */

/**
 * @typedef {object} ForgeServer
 * @property {string} url Of the API, without a slash at its end.
 * @property {Request[]} requests What was opened.
 * @property {Call[]} calls All calls so far.
 * @property {string[]} violations What did not follow the description.
 * @property {() => Promise<void>} close
 */

const LABELS = ["agent", "bot"];

/**
 * @param {ForgeName} name
 * @param {object} options
 * @param {Certificate} options.certificate
 * @param {string | undefined} [options.token] Every call needs it.
 * @param {((call: Call, request: IncomingMessage) => Answer | undefined | Promise<Answer | undefined>) | undefined} [options.before]
 *   Gives what a call is answered with; nothing is done then. Undefined: the forge.
 * @param {((call: Call, request: IncomingMessage) => Promise<void> | void) | undefined} [options.after] Awaited when a call was
 *   carried out, before it is answered.
 * @returns {Promise<ForgeServer>}
 */
export async function startForge(name, { certificate, token, before, after }) {
  const description = await descriptionOf(name);
  /** @type {Request[]} */
  const requests = [];
  /** @type {Call[]} */
  const calls = [];
  /** @type {string[]} */
  const violations = [];

  /** @param {IncomingMessage} request @returns {Promise<Answer>} */
  const answer = async (request) => {
    const url = new URL(request.url ?? "/", "https://forge");
    const text = await bodyOf(request);
    /** @type {Call} */
    const call = {
      method: request.method ?? "GET",
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      body: text === "" ? undefined : JSON.parse(text),
      headers: request.headers,
    };
    calls.push(call);
    const fault = faultOf(description, call);
    if (fault !== undefined) {
      violations.push(`${call.method} ${request.url}: ${fault}`);
      return { status: 400, json: { message: fault } };
    }
    if (token !== undefined && !(request.headers.authorization ?? "").endsWith(` ${token}`))
      return { status: 401, json: { message: "Bad credentials" } };
    const instead = await before?.(call, request);
    if (instead !== undefined) return instead;
    const done = FORGES[name](call, requests);
    await after?.(call, request);
    return done;
  };
  const server = createServer(certificate, (request, response) => {
    answer(request)
      .then(({ status, headers = {}, json }) => {
        response.writeHead(status, { "content-type": "application/json", ...headers });
        response.end(JSON.stringify(json ?? null));
      })
      .catch((/** @type {unknown} */ error) => response.destroy(/** @type {Error} */ (error)));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the forge has no port");
  return {
    url: `https://127.0.0.1:${address.port}`,
    requests,
    calls,
    violations,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** @type {Record<ForgeName, (call: Call, requests: Request[]) => Answer>} */
const FORGES = {
  github: ({ method, path, query, body }, requests) => {
    const labels = /^\/repos\/[^/]+\/[^/]+\/issues\/(\d+)\/labels$/.exec(path)?.[1];
    if (labels !== undefined) return label(requests, Number(labels), body.labels, githubLabels);
    if (method === "GET")
      return list(requests, (each) => query["head"]?.split(":")[1] === each.branch, asPull);
    return open(requests, { ...body, branch: body.head, body: body.body }, asPull, 422);
  },
  gitlab: ({ method, path, query, body }, requests) => {
    if (method === "PUT")
      return label(requests, Number(path.split("/").at(-1)), body.add_labels.split(","), asMergeRequest);
    if (method === "GET")
      return list(requests, (each) => each.branch === query["source_branch"], asMergeRequest);
    const draft = body.title.startsWith("Draft: ");
    const request = { branch: body.source_branch, base: body.target_branch, title: body.title, draft };
    return open(requests, { ...request, body: body.description }, asMergeRequest, 409);
  },
  gitea: ({ method, path, query, body }, requests) => {
    const isFirst = query["page"] === "1";
    if (method === "GET" && path.endsWith("/labels"))
      return { status: 200, json: isFirst ? LABELS.map((each, id) => ({ id, name: each })) : [] };
    if (method === "GET") return isFirst ? list(requests, () => true, asPull) : { status: 200, json: [] };
    const labels = /\/issues\/(\d+)\/labels$/.exec(path)?.[1];
    if (labels !== undefined) {
      const names = body.labels.map((/** @type {number} */ id) => LABELS[id]);
      return label(requests, Number(labels), names, githubLabels);
    }
    const draft = body.title.startsWith("WIP: ");
    return open(requests, { ...body, branch: body.head, draft }, asPull, 409);
  },
};

/** @param {Request[]} requests @param {(each: Request) => boolean} isIt @param {(each: Request) => unknown} form @returns {Answer} */
function list(requests, isIt, form) {
  return { status: 200, json: requests.filter((each) => each.open && isIt(each)).map(form) };
}

/** @param {Request[]} requests @param {any} given @param {(each: Request) => unknown} form @param {number} conflict @returns {Answer} */
function open(requests, { branch, base, title, body, draft = false }, form, conflict) {
  if (requests.some((each) => each.open && each.branch === branch))
    return { status: conflict, json: { message: "A request already exists" } };
  const request = { number: requests.length + 1, branch, base, title, body, draft, labels: [], open: true };
  requests.push(request);
  return { status: 201, json: form(request) };
}

/** @param {Request[]} requests @param {number} number @param {string[]} names @param {(each: Request) => unknown} form @returns {Answer} */
function label(requests, number, names, form) {
  const request = requests.find((each) => each.number === number);
  if (request === undefined) return { status: 404, json: { message: "Not Found" } };
  request.labels = [...new Set([...request.labels, ...names])];
  return { status: 200, json: form(request) };
}

/** @param {Request} request */
function asPull(request) {
  const { number, branch, labels } = request;
  return {
    number,
    html_url: `https://forge.example/pulls/${number}`,
    head: { ref: branch },
    labels: githubLabels({ ...request, labels }),
  };
}

/** @param {Request} request */
function githubLabels({ labels }) {
  return labels.map((name, id) => ({ id, name }));
}

/** @param {Request} request */
function asMergeRequest({ number, branch, labels }) {
  return {
    iid: number,
    web_url: `https://forge.example/merge_requests/${number}`,
    source_branch: branch,
    labels,
  };
}

/** @param {ForgeName} name @returns {Promise<any>} */
async function descriptionOf(name) {
  if (name === "gitlab") return GITLAB;
  return JSON.parse(await readFile(new URL(`${name}.openapi.json`, import.meta.url), "utf8"));
}

/** What of a call does not follow the description; undefined when it does. @param {any} description @param {Call} call */
function faultOf(description, { method, path, query, body }) {
  for (const [template, operations] of Object.entries(description.paths)) {
    const names = [...template.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
    const values = new RegExp(`^${template.replaceAll(/\{\w+\}/g, "([^/]+)")}$`).exec(path)?.slice(1);
    const operation = operations[method.toLowerCase()];
    if (values === undefined || operation === undefined) continue;
    const validator = new Ajv({ strict: false, coerceTypes: true, validateFormats: false });
    const parameters = operation.parameters.map((/** @type {any} */ each) => resolved(description, each));
    const given = {
      path: Object.fromEntries(names.map((name, index) => [name, decodeURIComponent(values[index] ?? "")])),
      query: { ...query },
    };
    for (const place of /** @type {const} */ (["path", "query"])) {
      const own = parameters.filter((/** @type {any} */ each) => each.in === place);
      const schema = {
        type: "object",
        additionalProperties: false,
        required: own
          .filter((/** @type {any} */ each) => each.required)
          .map((/** @type {any} */ each) => each.name),
        properties: Object.fromEntries(own.map((/** @type {any} */ each) => [each.name, each.schema])),
      };
      if (!validator.validate({ ...schema, components: description.components }, given[place]))
        return `${place}: ${validator.errorsText()}`;
    }
    if (body === undefined)
      return operation.requestBody?.required === true ? "the body is missing" : undefined;
    const schema = operation.requestBody?.content["application/json"].schema;
    const keys = [schema, ...(schema.oneOf ?? [])].flatMap((each) => Object.keys(each.properties ?? {}));
    const unknown = Object.keys(body).filter((key) => !keys.includes(key));
    if (unknown.length > 0) return `body: unknown keys ${unknown.join(", ")}`;
    const strict = new Ajv({ strict: false, validateFormats: false });
    return strict.validate({ ...schema, components: description.components }, body)
      ? undefined
      : `body: ${strict.errorsText()}`;
  }
  return "the description has no such call";
}

/** @param {any} description @param {any} value */
function resolved(description, value) {
  if (value.$ref === undefined) return value;
  return value.$ref
    .slice(2)
    .split("/")
    .reduce((/** @type {any} */ from, /** @type {string} */ part) => from[part], description);
}

/** @param {IncomingMessage} request */
async function bodyOf(request) {
  /** @type {Buffer[]} */
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
