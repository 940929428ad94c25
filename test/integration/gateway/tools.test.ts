/** Tools of the host in a session's network, with the variables of a session and nothing else. */
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { summariseEgress } from "../../../src/gateway/log/egress-summary.ts";
import { networkEnvironment } from "../../../src/gateway/rules/environment.ts";
import { makeCertificate } from "../../kit/certificates.mjs";
import { type GitServer, startGitServer } from "../../kit/git-server.mjs";
import { makeRepository } from "../../kit/repositories.mjs";
import { type GatewayGround, makeGround, startContainer, type TestContainer } from "./gateway-ground.ts";
import { startWorld, type WorldServer } from "./in-process-proxy.ts";

let ground: GatewayGround;
let inside: TestContainer;
let directory: string;
const servers: GitServer[] = [];
const worlds: WorldServer[] = [];
beforeEach(async () => {
  ground = await makeGround();
  inside = await startContainer();
  directory = await mkdtemp(join(tmpdir(), "agentd-tools-"));
});
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
  for (const server of worlds.splice(0)) server.close();
  await inside.remove();
  await ground.remove();
  await rm(directory, { recursive: true });
});

/** Runs a program in the session's network; returns what it prints, and its exit code. */
async function run(command: readonly string[], more: Readonly<Record<string, string>> = {}) {
  const enter = ["-t", String(inside.process.pid), "-U", "-n", "--preserve-credentials", "--"];
  const { exitCode, all } = await execa("nsenter", [...enter, ...command], {
    cwd: directory,
    // The server of the test is on this host's loopback: a real one is never meant by these names.
    env: {
      ...networkEnvironment(),
      ...{ NO_PROXY: "", no_proxy: "" },
      ...{ PATH: process.env["PATH"] ?? "", HOME: directory, ...more },
    },
    extendEnv: false,
    reject: false,
    all: true,
  });
  return { exitCode, output: all };
}

async function serveRepository(certificate?: { key: string; cert: string }): Promise<GitServer> {
  const root = join(directory, "served");
  // Large enough for a pack of many pieces.
  await makeRepository(join(root, "demo.git"), { files: { "README.md": "# Demo\n", big: randomText() } });
  const server = await startGitServer(root, { certificate });
  servers.push(server);
  return server;
}

function randomText(): string {
  return Array.from({ length: 200_000 }, () => Math.random().toString(36)).join("\n");
}

/** A registry of npm's with one package of one version. */
async function startNpmRegistry(): Promise<WorldServer & { readonly requests: string[] }> {
  const files = join(directory, "package");
  await mkdir(files);
  await writeFile(join(files, "package.json"), JSON.stringify({ name: "demo", version: "1.2.3" }));
  await writeFile(join(files, "index.js"), "module.exports = 'the world';\n");
  const archive = join(directory, "demo-1.2.3.tgz");
  await execa("tar", ["-C", directory, "-czf", archive, "package"]);
  const bytes = await readFile(archive);
  const integrity = `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
  const requests: string[] = [];
  const server = await startWorld((request, response) => {
    requests.push(request.url ?? "");
    const tarball = `http://${request.headers.host}/demo/-/demo-1.2.3.tgz`;
    const version = { name: "demo", version: "1.2.3", dist: { tarball, integrity } };
    const packument = { name: "demo", "dist-tags": { latest: "1.2.3" }, versions: { "1.2.3": version } };
    if (request.url === "/demo") response.end(JSON.stringify(packument));
    else if (request.url === "/demo/-/demo-1.2.3.tgz") response.end(bytes);
    else response.writeHead(404).end();
  });
  worlds.push(server);
  return { ...server, requests };
}

describe("npm in a session's network", () => {
  it("installs a package from a registry that it may reach, and from no other", async () => {
    const registry = await startNpmRegistry();
    const host = `127.0.0.1:${registry.port}`;
    const daemon = ground.daemon();
    const request = ground.request(inside, [host]);
    await daemon.open(request);
    const project = join(directory, "project");
    await mkdir(project);
    const install = [
      "npm",
      "install",
      "demo",
      "--prefix",
      project,
      `--registry=http://${host}/`,
      "--no-audit",
      "--no-update-notifier",
    ];
    // npm takes what no proxy is for from its own setting, too.
    const { exitCode, output } = await run([...install, "--noproxy="]);
    expect(exitCode, output).toBe(0);
    expect(await readFile(join(project, "node_modules/demo/index.js"), "utf8")).toContain("the world");
    expect(registry.requests).toEqual(["/demo", "/demo/-/demo-1.2.3.tgz"]);
    await daemon.update(request.session, { profile: "site-builder", allow: [] });
    const again = [
      "--prefix",
      join(directory, "other"),
      "--cache",
      join(directory, "cache"),
      "--fetch-retries=0",
    ];
    const refused = await run([...install, "--noproxy=", ...again]);
    expect(refused.exitCode, refused.output).not.toBe(0);
    expect(refused.output).toContain("403");
    expect(registry.requests).toHaveLength(2);
    await daemon.close(request.session);
    const { hosts } = await summariseEgress(request.egress_path);
    expect(hosts).toContainEqual(expect.objectContaining({ verdict: "allowed", rule: host, connections: 2 }));
  });
});

describe("git in a session's network", () => {
  it.each(["http", "https"])("clones over %s", async (scheme) => {
    const authority = scheme === "https" ? await makeCertificate(directory) : undefined;
    const server = await serveRepository(authority?.certificate);
    const { host } = new URL(server.url);
    const daemon = ground.daemon();
    const request = ground.request(inside, [host]);
    await daemon.open(request);
    const trust = authority === undefined ? {} : { GIT_SSL_CAINFO: authority.authorityFile };
    const cloned = await run(["git", "clone", `${server.url}/demo.git`, "clone"], trust);
    expect(cloned).toMatchObject({ exitCode: 0 });
    expect(await readFile(join(directory, "clone/README.md"), "utf8")).toBe("# Demo\n");
    expect(server.packsServed()).toBe(1);
    await daemon.close(request.session);
    const { hosts } = await summariseEgress(request.egress_path);
    expect(hosts).toEqual([expect.objectContaining({ verdict: "allowed", rule: host })]);
    expect(hosts[0]?.bytes_received).toBeGreaterThan(1_000_000);
  });

  it("is refused a server that no entry opens, and says so", async () => {
    const server = await serveRepository();
    const daemon = ground.daemon();
    await daemon.open(ground.request(inside, []));
    const { exitCode, output } = await run(["git", "clone", `${server.url}/demo.git`, "clone"]);
    expect(exitCode).toBe(128);
    expect(output).toContain("403");
    expect(server.requests).toEqual([]);
  });
});
