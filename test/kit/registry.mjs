/**
 * A real image registry on loopback, as far as pulling goes: the files of OCI layouts behind Node's http.
 */
import { randomUUID } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { makeBusyboxTar } from "./images.mjs";

/** @typedef {import("node:http").ServerResponse} ServerResponse */
/** @typedef {import("./containers-environment.mjs").ContainersEnvironment} ContainersEnvironment */
/** @typedef {import("./files.mjs").Files} Files */

/**
 * @typedef {object} Registry
 * @property {string} configFile For `CONTAINERS_REGISTRIES_CONF`: says that this registry speaks plain http.
 * @property {readonly string[]} requests Method and path of every request so far, oldest first.
 * @property {(name: string) => string} referenceOf
 * @property {(name: string, files: Files) => Promise<void>} publish Makes a busybox image that this host does not have,
 *   as the next version of that name.
 * @property {(name: string) => readonly string[]} digestsOf Of the manifests of all versions of an image, oldest first.
 * @property {() => void} hold From now on layers are not sent.
 * @property {() => void} letGo
 * @property {() => Promise<void>} close Also removes from this host what was pulled.
 */

/**
 * @typedef {object} Content
 * @property {string} type
 * @property {Buffer} bytes
 * @property {boolean} [isLayer]
 */

/**
 * Starts a registry without any image.
 *
 * @param {ContainersEnvironment} environment
 * @returns {Promise<Registry>}
 */
export async function startRegistry(environment) {
  const podman = execa({ env: environment.variables });
  const directory = await mkdtemp(join(tmpdir(), "agentd-registry-"));
  /** By the end of its URL. @type {Map<string, Content>} */
  const contents = new Map();
  /** By the name of the image. @type {Map<string, string[]>} */
  const digests = new Map();
  /** @type {string[]} */
  const requests = [];
  let held = Promise.resolve();
  /** @type {() => void} */
  let letGo = () => undefined;

  const server = createServer((request, response) => {
    const { method, url = "/" } = request;
    requests.push(`${method} ${url}`);
    const found = url === "/v2/" ? { type: "application/json", bytes: Buffer.from("{}") } : contents.get(url);
    const mayGo = found?.isLayer ? held : Promise.resolve();
    void mayGo.then(() => answer(response, found, method));
  });
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => resolve(undefined));
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the registry has no port");
  const host = `127.0.0.1:${address.port}`;
  const configFile = join(directory, "registries.conf");
  await writeFile(configFile, `[[registry]]\nlocation = "${host}"\ninsecure = true\n`);

  /** @param {string} name */
  const referenceOf = (name) => `${host}/agentd-test/${name}:latest`;
  return {
    configFile,
    requests,
    referenceOf,
    async publish(name, files) {
      const layout = await mkdtemp(join(directory, "layout-"));
      const tar = join(layout, "image.tar");
      const temporary = `localhost/agentd-test/published-${randomUUID()}`;
      await makeBusyboxTar(tar, { ...files, "etc/published": randomUUID() });
      await podman`podman import --quiet ${tar} ${temporary}`;
      await podman`podman save --quiet --format oci-dir --output ${layout} ${temporary}`;
      await podman`podman rmi ${temporary}`;
      const base = `/v2/agentd-test/${name}`;
      const digest = await addLayout(contents, base, layout);
      digests.set(name, [...(digests.get(name) ?? []), digest]);
    },
    digestsOf: (name) => digests.get(name) ?? [],
    hold() {
      held = new Promise((resolve) => {
        letGo = resolve;
      });
    },
    letGo: () => letGo(),
    async close() {
      letGo();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await podman`podman rmi --force --ignore ${[...digests.keys()].map(referenceOf)}`;
      await rm(directory, { recursive: true });
    },
  };
}

/**
 * @param {Map<string, Content>} contents
 * @param {string} base URL of the image.
 * @param {string} layout Directory with one image.
 * @returns {Promise<string>} The digest of the manifest.
 */
async function addLayout(contents, base, layout) {
  /** @param {string} digest */
  const blob = (digest) => readFile(join(layout, "blobs", digest.replace(":", "/")));
  const index = JSON.parse(await readFile(join(layout, "index.json"), "utf8"));
  const { digest, mediaType } = index.manifests[0];
  const bytes = await blob(digest);
  const manifest = JSON.parse(bytes.toString());
  for (const tag of ["latest", digest]) contents.set(`${base}/manifests/${tag}`, { type: mediaType, bytes });
  /** @param {string} digest @param {boolean} isLayer */
  const add = async (digest, isLayer) =>
    contents.set(`${base}/blobs/${digest}`, {
      type: "application/octet-stream",
      bytes: await blob(digest),
      isLayer,
    });
  await add(manifest.config.digest, false);
  for (const layer of manifest.layers) await add(layer.digest, true);
  return digest;
}

/**
 * @param {ServerResponse} response
 * @param {Content | undefined} found
 * @param {string | undefined} method
 */
function answer(response, found, method) {
  if (found === undefined) {
    response.writeHead(404).end('{"errors":[{"code":"NAME_UNKNOWN"}]}');
    return;
  }
  const { type, bytes } = found;
  response.writeHead(200, { "Content-Type": type, "Content-Length": bytes.length });
  response.end(method === "HEAD" ? undefined : bytes);
}
