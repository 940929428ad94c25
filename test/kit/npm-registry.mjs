/** A registry of npm on this host, with packages that are one shell script each. */
import { createHash } from "node:crypto";
import { chmod, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { execa } from "execa";

/**
 * @typedef {object} NpmRegistry
 * @property {string} url
 * @property {(name: string, version: string, script: string, scripts?: Record<string, string>) => Promise<void>} publish
 * Makes it the latest version. `scripts` are those that npm runs by itself.
 * @property {() => Promise<void>} close
 */

/**
 * Serves packages until it is closed.
 *
 * @param {string} directory For its files; it exists.
 * @returns {Promise<NpmRegistry>}
 */
export async function startNpmRegistry(directory) {
  /** @type {Map<string, { versions: Record<string, object>, latest: string }>} */
  const packages = new Map();
  const server = createServer((request, response) => {
    const path = decodeURIComponent((request.url ?? "/").slice(1));
    if (path.endsWith(".tgz")) {
      readFile(join(directory, path)).then(
        (tar) => response.end(tar),
        () => response.writeHead(404).end(),
      );
      return;
    }
    const found = packages.get(path);
    if (found === undefined) {
      response.writeHead(404, { "content-type": "application/json" }).end('{"error":"not found"}');
      return;
    }
    const { versions, latest } = found;
    response
      .writeHead(200, { "content-type": "application/json" })
      .end(JSON.stringify({ name: path, "dist-tags": { latest }, versions }));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the registry has no port");
  const url = `http://127.0.0.1:${address.port}/`;
  return {
    url,
    publish: async (name, version, script, scripts = {}) => {
      const root = join(directory, "package");
      await mkdir(root);
      const manifest = { name, version, bin: { [name]: "run.sh" }, scripts };
      await writeFile(join(root, "package.json"), JSON.stringify(manifest));
      await writeFile(join(root, "run.sh"), script);
      await writeFile(join(root, "data.txt"), `data of ${name}\n`);
      await chmod(join(root, "run.sh"), 0o700);
      const tar = `${name}-${version}.tgz`;
      await execa("tar", ["-C", directory, "-czf", join(directory, tar), "package"]);
      await rm(root, { recursive: true });
      const content = await readFile(join(directory, tar));
      const integrity = `sha512-${createHash("sha512").update(content).digest("base64")}`;
      const versions = packages.get(name)?.versions ?? {};
      versions[version] = {
        ...manifest,
        hasInstallScript: Object.keys(scripts).length > 0,
        dist: { tarball: `${url}${tar}`, integrity },
      };
      packages.set(name, { versions, latest: version });
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve(undefined));
        server.closeAllConnections();
      }),
  };
}
