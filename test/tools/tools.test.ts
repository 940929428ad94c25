/** Tools in sessions with an allowlist: each installs, clones or fetches from servers of the test's own. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createSandbox, type Sandbox } from "../kit/agentd.mjs";
import { makeCertificate } from "../kit/certificates.mjs";
import { type GitServer, startGitServer } from "../kit/git-server.mjs";
import { imageReference } from "../kit/images.mjs";
import { makeRepository } from "../kit/repositories.mjs";
import { type PackageServer, startPackageServer } from "./package-servers.ts";

const IMAGE = imageReference({ name: "debian-tools" });

let sandbox: Sandbox;
let packages: PackageServer;
let repositories: GitServer;
beforeAll(async () => {
  sandbox = await createSandbox();
  const directory = join(sandbox.directory, "packages");
  await mkdir(directory);
  packages = await startPackageServer(directory, zipInContainer);
  const served = join(sandbox.directory, "served");
  await makeRepository(join(served, "demo.git"), { files: { "README.md": "the world\n" } });
  const authority = await makeCertificate(directory);
  repositories = await startGitServer(served, { certificate: authority.certificate });
  await sandbox.writeConfig({
    profiles: [
      profile("open", [packages.host, new URL(repositories.url).host], authority.authorityFile),
      profile("closed", [], authority.authorityFile),
    ],
  });
  await sandbox.startDaemon();
});
afterAll(async () => {
  packages.close();
  await repositories.close();
  await sandbox.close();
});

function profile(name: string, allow: readonly string[], authorityFile: string) {
  return {
    name,
    allow: [...allow],
    workspace: "empty",
    base_image: IMAGE,
    network: "allowlist",
    files: [{ target: "~/authority.pem", source: authorityFile }],
    // The server of git is on this host's loopback, where real ones never are.
    command: ["bash", "-c", 'export NO_PROXY= no_proxy=; eval "$AGENTD_REQUEST"'],
  };
}

async function zipInContainer(directory: string, archive: string): Promise<void> {
  // Go takes no archive with entries for directories.
  const script =
    "import glob, os, zipfile; z = zipfile.ZipFile('/out.zip', 'w'); [z.write(f) for f in glob.glob('**', recursive=True) if os.path.isfile(f)]; z.close()";
  const make = `cd /in && python3 -c "${script}" && cat /out.zip`;
  const command = ["run", "--rm", "--network=none", "-v", `${directory}:/in:ro`, IMAGE, "sh", "-c", make];
  await execa("podman", command, { env: sandbox.containers.variables, stdout: { file: archive } });
}

/** Each prints what it has got from the server. */
const TOOLS: Readonly<Record<string, () => string>> = {
  curl: () => `curl --fail --silent --show-error http://${packages.host}/page`,
  wget: () => `wget --quiet --output-document=- http://${packages.host}/page`,
  "git over https": () =>
    `git -c http.sslCAInfo="$HOME/authority.pem" clone ${repositories.url}/demo.git demo && cat demo/README.md`,
  npm: () =>
    `npm install demo --no-audit --no-update-notifier --fetch-retries=0 --registry=http://${packages.host}/npm/ && cat node_modules/demo/index.js`,
  pip: () =>
    `pip3 install demo --retries 0 --target libraries --no-cache-dir --trusted-host ${packages.host} --index-url http://${packages.host}/simple/ && PYTHONPATH=libraries python3 -m demo`,
  go: () =>
    `GOSUMDB=off GOFLAGS=-modcacherw GOPROXY=http://${packages.host}/go go mod download example.test/demo@v1.2.3 && cat "$HOME/go/pkg/mod/example.test/demo@v1.2.3/demo.go"`,
};

async function run(name: string, tool: string) {
  const request = TOOLS[tool]?.() ?? "false";
  const { exitCode, stdout, stderr } = await sandbox.run(["run", name, "--request", request]);
  return { exitCode, output: `${stdout.toString()}${stderr}` };
}

it.each(Object.keys(TOOLS))("%s gets what a server offers that the profile allows", async (tool) => {
  const { exitCode, output } = await run("open", tool);
  expect(exitCode, output).toBe(0);
  expect(output).toContain("the world");
});

it.each(Object.keys(TOOLS))("%s gets nothing where the profile allows nothing", async (tool) => {
  const [before, requestsBefore] = [packages.requests.length, repositories.requests.length];
  const { exitCode, output } = await run("closed", tool);
  expect(exitCode, output).not.toBe(0);
  expect(output).not.toContain("the world");
  expect([packages.requests.length, repositories.requests.length]).toEqual([before, requestsBefore]);
});
