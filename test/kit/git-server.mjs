/**
 * A real smart-HTTP git server on loopback: Node's http in front of `git http-backend`.
 */
import { createServer as createHttpServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { execa } from "execa";

/** @typedef {import("node:http").IncomingMessage} IncomingMessage */
/** @typedef {import("node:http").ServerResponse} ServerResponse */
/** @typedef {import("./certificates.mjs").Certificate} Certificate */
/** @typedef {{ status: number, location?: string, text?: string }} Answer What is answered in a repository's place. */

/**
 * @typedef {object} GitServer
 * @property {string} url Without a slash at the end; a repository `demo.git` of the root is at `${url}/demo.git`.
 * @property {readonly string[]} requests Method, path and query of every request so far, oldest first.
 * @property {readonly string[]} authorizations What the requests had as `Authorization`, those that had one, oldest first.
 * @property {() => number} packsServed How many of them were answered with objects: clones, and fetches that found news.
 * @property {() => Promise<void>} close Ends the server and its connections.
 */

/**
 * Serves every repository below a directory, for reading, and for pushing where that is asked for.
 *
 * @param {string} root
 * @param {object} [options]
 * @param {string | (() => string) | undefined} [options.token] Every request needs it as the password of Basic
 *   authentication, under any user name. A function is asked for each request.
 * @param {boolean | undefined} [options.takesPushes] Default: false.
 * @param {Certificate | undefined} [options.certificate] Serves https with it instead of http.
 * @param {((request: IncomingMessage) => Promise<void> | void) | undefined} [options.beforeAnswer] Awaited before a
 *   request that may be answered is.
 * @param {((request: IncomingMessage) => Answer | undefined) | undefined} [options.answerInstead] Gives what a request
 *   is answered with that may be answered; undefined: the repository.
 * @returns {Promise<GitServer>}
 */
export async function startGitServer(
  root,
  { token, takesPushes = false, certificate, beforeAnswer, answerInstead } = {},
) {
  /** @type {string[]} */
  const requests = [];
  /** @type {string[]} */
  const authorizations = [];
  let packs = 0;
  /**
   * @param {IncomingMessage} request
   * @param {ServerResponse} response
   */
  const onRequest = async (request, response) => {
    requests.push(`${request.method} ${request.url}`);
    if (request.headers.authorization !== undefined) authorizations.push(request.headers.authorization);
    const expected = typeof token === "function" ? token() : token;
    if (expected !== undefined && passwordOf(request) !== expected) {
      response.writeHead(401, { "WWW-Authenticate": 'Basic realm="git"' }).end("authentication required\n");
      return;
    }
    await beforeAnswer?.(request);
    const instead = answerInstead?.(request);
    if (instead !== undefined) {
      const { status, location, text = "" } = instead;
      const headers = {
        "Content-Type": "text/plain",
        ...(location === undefined ? {} : { Location: location }),
      };
      response.writeHead(status, headers).end(text);
      return;
    }
    await serve({ root, takesPushes }, request, response, () => {
      packs += 1;
    });
  };
  /**
   * @param {IncomingMessage} request
   * @param {ServerResponse} response
   */
  const listener = (request, response) => {
    onRequest(request, response).catch((/** @type {unknown} */ error) =>
      response.destroy(/** @type {Error} */ (error)),
    );
  };
  const server =
    certificate === undefined ? createHttpServer(listener) : createHttpsServer(certificate, listener);
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => resolve(undefined));
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the git server has no port");
  return {
    url: `${certificate === undefined ? "http" : "https"}://127.0.0.1:${address.port}`,
    requests,
    authorizations,
    packsServed: () => packs,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** @param {IncomingMessage} request */
function passwordOf(request) {
  const encoded = /^Basic (.+)$/.exec(request.headers.authorization ?? "")?.[1];
  return encoded === undefined
    ? undefined
    : Buffer.from(encoded, "base64").toString().split(":").slice(1).join(":");
}

/**
 * @param {{ root: string, takesPushes: boolean }} place
 * @param {IncomingMessage} request
 * @param {ServerResponse} response
 * @param {() => void} onPack Called when the answer turns out to hold a pack.
 */
async function serve({ root, takesPushes }, request, response, onPack) {
  const backend = execa("git", ["http-backend"], {
    // Who is known to the web server may push.
    env: { ...cgiVariables(root, request), ...(takesPushes ? { REMOTE_USER: "agent" } : {}) },
    extendEnv: false,
    encoding: "buffer",
    buffer: { stdout: false },
    reject: false,
  });
  request.pipe(backend.stdin);
  // The client may hang up before it has sent or read everything.
  backend.stdin.on("error", () => request.unpipe());
  response.on("close", () => backend.kill());
  const body = withoutHead((head) => writeHead(response, head));
  await pipeline(backend.stdout, body, lookingForPack(onPack), response);
  await backend;
}

/**
 * Passes on what follows the CGI headers.
 *
 * @param {(head: string) => void} onHead Gets the headers before anything is passed on.
 */
function withoutHead(onHead) {
  let head = Buffer.alloc(0);
  let complete = false;
  return new Transform({
    transform(/** @type {Buffer} */ chunk, _encoding, done) {
      if (complete) {
        done(null, chunk);
        return;
      }
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf("\r\n\r\n");
      complete = end !== -1;
      if (!complete) {
        done();
        return;
      }
      onHead(head.subarray(0, end).toString());
      done(null, head.subarray(end + 4));
    },
    flush(done) {
      if (!complete) onHead("Status: 500 Internal Server Error");
      done();
    },
  });
}

/** Passes everything on. @param {() => void} onPack */
function lookingForPack(onPack) {
  const signature = Buffer.from("PACK\0\0\0\x02", "latin1");
  let seen = false;
  /** @type {Buffer} */
  let tail = Buffer.alloc(0);
  return new Transform({
    transform(/** @type {Buffer} */ chunk, _encoding, done) {
      if (!seen && Buffer.concat([tail, chunk]).includes(signature)) {
        seen = true;
        onPack();
      }
      tail = chunk.subarray(-signature.length);
      done(null, chunk);
    },
  });
}

/**
 * @param {ServerResponse} response
 * @param {string} head
 */
function writeHead(response, head) {
  let status = 200;
  for (const line of head.split("\r\n")) {
    const [name = "", ...value] = line.split(": ");
    if (name === "Status") status = Number.parseInt(value.join(": "), 10);
    else response.setHeader(name, value.join(": "));
  }
  response.writeHead(status);
}

/**
 * @param {string} root
 * @param {IncomingMessage} request
 */
function cgiVariables(root, request) {
  const url = new URL(request.url ?? "/", "http://localhost");
  const { headers } = request;
  return {
    PATH: process.env["PATH"] ?? "",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_PROJECT_ROOT: root,
    GIT_HTTP_EXPORT_ALL: "1",
    REQUEST_METHOD: request.method ?? "GET",
    PATH_INFO: decodeURIComponent(url.pathname),
    QUERY_STRING: url.search.slice(1),
    CONTENT_TYPE: headers["content-type"] ?? "",
    HTTP_CONTENT_ENCODING: headers["content-encoding"] ?? "",
    GIT_PROTOCOL: headers["git-protocol"]?.toString() ?? "",
  };
}
