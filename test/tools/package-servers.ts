/** Servers with one package for each tool, as the public ones offer them. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { networkInterfaces } from "node:os";
import { dirname, join } from "node:path";
import { execa } from "execa";

export interface PackageServer {
  /** `ADDRESS:PORT`, not of loopback, which go asks without a proxy whatever its variables say: one server for all. */
  readonly host: string;
  /** Paths that were asked for, oldest first. */
  readonly requests: readonly string[];
  close(): void;
}

const VERSION = "1.2.3";

/**
 * Serves `demo` for npm (at `/npm/`), pip (at `/simple/`) and go (`example.test/demo`, at `/go/`), and a page at `/page`.
 *
 * @param directory for its files; the caller removes it.
 * @param zip makes a zip archive of what is in a directory; this host may have no program for it.
 */
export async function startPackageServer(
  directory: string,
  zip: (directory: string, archive: string) => Promise<void>,
): Promise<PackageServer> {
  const archives = {
    npm: await makeNpmPackage(join(directory, "npm")),
    wheel: await makeWheel(join(directory, "pip"), zip),
    module: await makeGoModule(join(directory, "go"), zip),
  };
  const requests: string[] = [];
  const server = createServer(({ url = "", headers }, response) => {
    requests.push(url);
    const answer = answers(`http://${headers.host}`, archives)[url];
    if (answer === undefined) response.writeHead(404).end();
    else
      response
        .setHeader("Content-Type", url.endsWith("/") ? "text/html" : "application/octet-stream")
        .end(answer);
  });
  const address = addressOfThisHost();
  server.listen(0, address);
  await once(server, "listening");
  return {
    host: `${address}:${(server.address() as AddressInfo).port}`,
    requests,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function addressOfThisHost(): string {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const found = all.find(({ family, internal }) => family === "IPv4" && !internal);
  if (found === undefined) throw new Error("this host has no IPv4 address but those of loopback");
  return found.address;
}

interface Archives {
  readonly npm: Buffer;
  readonly wheel: Buffer;
  readonly module: Buffer;
}

function answers(origin: string, { npm, wheel, module }: Archives): Record<string, string | Buffer> {
  const integrity = `sha512-${createHash("sha512").update(npm).digest("base64")}`;
  const dist = { tarball: `${origin}/npm/demo/-/demo-${VERSION}.tgz`, integrity };
  const versions = { [VERSION]: { name: "demo", version: VERSION, dist } };
  const file = `demo-${VERSION}-py3-none-any.whl`;
  const goVersion = `/go/example.test/demo/@v/v${VERSION}`;
  return {
    "/page": "the world\n",
    "/npm/demo": JSON.stringify({ name: "demo", "dist-tags": { latest: VERSION }, versions }),
    [`/npm/demo/-/demo-${VERSION}.tgz`]: npm,
    "/simple/demo/": `<!DOCTYPE html><a href="/files/${file}">${file}</a>`,
    [`/files/${file}`]: wheel,
    [`${goVersion}.info`]: JSON.stringify({ Version: `v${VERSION}` }),
    [`${goVersion}.mod`]: "module example.test/demo\n",
    [`${goVersion}.zip`]: module,
  };
}

async function makeNpmPackage(directory: string): Promise<Buffer> {
  await writeAll(directory, {
    "package/package.json": JSON.stringify({ name: "demo", version: VERSION }),
    "package/index.js": "module.exports = 'the world';\n",
  });
  const archive = `${directory}.tgz`;
  await execa("tar", ["-C", directory, "-czf", archive, "package"]);
  return readFile(archive);
}

async function makeWheel(
  directory: string,
  zip: (directory: string, archive: string) => Promise<void>,
): Promise<Buffer> {
  const info = `demo-${VERSION}.dist-info`;
  await writeAll(directory, {
    "demo.py": "print('the world')\n",
    [`${info}/METADATA`]: `Metadata-Version: 2.1\nName: demo\nVersion: ${VERSION}\n`,
    [`${info}/WHEEL`]: "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    [`${info}/RECORD`]: `demo.py,,\n${info}/METADATA,,\n${info}/WHEEL,,\n${info}/RECORD,,\n`,
  });
  await zip(directory, `${directory}.zip`);
  return readFile(`${directory}.zip`);
}

async function makeGoModule(
  directory: string,
  zip: (directory: string, archive: string) => Promise<void>,
): Promise<Buffer> {
  await writeAll(directory, {
    [`example.test/demo@v${VERSION}/go.mod`]: "module example.test/demo\n",
    [`example.test/demo@v${VERSION}/demo.go`]: 'package demo\n\nconst From = "the world"\n',
  });
  await zip(directory, `${directory}.zip`);
  return readFile(`${directory}.zip`);
}

async function writeAll(directory: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), content);
  }
}
