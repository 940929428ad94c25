/** What profiles ask for, on a node: the network by allowlist, mounts, files that a session is given, the token of a clone. */
import { once } from "node:events";
import { appendFile, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, describe, expect, it } from "vitest";
import { makeCertificate } from "../kit/certificates.mjs";
import { type GitServer, startGitServer } from "../kit/git-server.mjs";
import type { PlacedHost } from "../kit/placed-host.ts";
import { makeSite, onPlacedHost } from "./on-placed-host.ts";

const TOKEN = "canary-of-a-clone-token-51d7";

let host: PlacedHost;
let git: GitServer;
let pages: Server;

// After the host has closed: what is last here is first at the end.
afterAll(async () => {
  await git.close();
  pages.close();
  pages.closeAllConnections();
});

onPlacedHost((started) => (host = started), {
  prepare: async ({ slurm, sandbox }) => {
    const repositories = await makeSite(slurm.directory);
    const { certificate, authorityFile } = await makeCertificate(slurm.directory);
    git = await startGitServer(repositories, { certificate, token: TOKEN });
    await host.setNodeVariables({ GIT_SSL_CAINFO: authorityFile });
    pages = createServer((_request, response) => response.end("the world"));
    pages.listen(0, "127.0.0.1");
    await once(pages, "listening");
    const credentials = join(sandbox.directory, "config", "agentd", "credentials.env");
    await appendFile(credentials, `PLACED_TOKEN=${TOKEN}\n`);
  },
});

/** The profile from now on. */
async function withProfile(...[profile]: Parameters<PlacedHost["configure"]>): Promise<void> {
  await host.configure(profile);
  const { stderr, exitCode } = await host.sandbox.run(["reload"]);
  expect(stderr).toBe("");
  expect(exitCode).toBe(0);
}

/** Asks for a page through the proxy, with the image's nc: its wget crashes with a proxy. */
function get(port: number, to: string): string {
  const request = `GET http://127.0.0.1:${port}/ HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n`;
  return `nc 127.0.0.1 8791 -e sh -c "printf '${request}'; cat > ${to}"`;
}

describe("a session on a node", () => {
  it("reaches what its allowlist names and nothing else, and its record says so", async () => {
    const { port } = pages.address() as AddressInfo;
    await withProfile({ network: "allowlist", allow: [`127.0.0.1:${port}`] });
    const script = [
      get(port, ".runa/allowed"),
      get(9, ".runa/denied"),
      `nc -w 2 10.0.2.2 ${port} -e true && echo out`,
      "echo done",
    ];
    const { record } = await host.ranOnce(await host.run(script.join("; ")), "done");
    expect(await readFile(join(record, "runa", "allowed"), "utf8")).toMatch(
      /^HTTP\/1\.1 200 OK\r\n.*the world$/s,
    );
    expect(await readFile(join(record, "runa", "denied"), "utf8")).toMatch(/^HTTP\/1\.1 403 /);
    const lines = (await readFile(join(record, "agentd", "egress.jsonl"), "utf8")).trim().split("\n");
    const said = lines.map((line) => JSON.parse(line) as { port: number; verdict: string });
    expect(said).toContainEqual(expect.objectContaining({ port, verdict: "allowed" }));
    expect(said).toContainEqual(expect.objectContaining({ port: 9, verdict: "denied" }));
  });

  it("has the mounts of its profile, from its node", async () => {
    const source = join(host.slurm.directory, "data");
    await mkdir(source);
    await writeFile(join(source, "note"), "of the node\n");
    await withProfile({ mounts: [{ source, target: "/data", read_only: true }] });
    await host.ranOnce(
      await host.run("cat /data/note; echo x >/data/more || echo read-only"),
      "of the node\nread-only",
    );
    expect(await readdir(source)).toEqual(["note"]);
  });

  it("has the files that it was given, and its record has them", async () => {
    await withProfile({});
    const file = join(host.slurm.directory, "given");
    const bytes = Buffer.from([0, 255, 10, 13, 65]);
    await writeFile(file, bytes);
    const script = "od -An -tx1 /agentd/input/given.bin";
    const { record } = await host.ranOnce(
      await host.run(script, ["--input", `given.bin=${file}`]),
      " 00 ff 0a 0d 41",
    );
    for (const place of ["agentd", "node/agentd"])
      expect(await readFile(join(record, place, "input", "given.bin"))).toEqual(bytes);
  });

  it("is cloned with its token on the node, which is nowhere afterwards", async () => {
    await withProfile({ workspace: "clone", repo: `${git.url}/site.git`, repo_token_source: "PLACED_TOKEN" });
    const id = await host.run("cat README.md; env; cat .git/config");
    const shown = await host.sealed(id);
    expect(shown).toMatchObject({ outcome: "success", cause: null });
    expect(await host.printed(id)).toContain("site");
    expect(await host.printed(id)).not.toContain(TOKEN);
    expect(git.authorizations.length).toBeGreaterThan(0);
    await host.verified(id);
    const places = [host.slurm.directory, join(host.sandbox.directory, "state"), shown.record];
    const found = await execa("grep", ["-rlsI", "-F", TOKEN, ...places], { reject: false });
    expect(found.stdout).toBe("");
  });
});
