/**
 * agentd in a container beside its user's Podman: the image of `examples/container/Containerfile`, started with the words
 * that Quadlet makes of `examples/container/agentd.container`.
 */
import { mkdir, mkdtemp, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getgid, getuid } from "node:process";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { containersEnvironment } from "../kit/containers-environment.mjs";
import { BUSYBOX, imageReference } from "../kit/images.mjs";
import { removeContainersOf, removeVolumesOf, sessionContainersOf, volumesOf } from "../kit/podman.mjs";
import { makeRepository } from "../kit/repositories.mjs";
import { until } from "../kit/until.mjs";
import { CHECKOUT, PACKAGES } from "./packages.ts";

const environment = containersEnvironment();
const { variables, runtimeDirectory } = environment;
const EXAMPLES = join(CHECKOUT, "examples/container");
const HOST_IMAGE = imageReference({ name: "debian-host" });
const IMAGE = "localhost/agentd-test/contained";
const NAME = "agentd-contained";

const podman = execa({ env: variables });

/** Needs a systemd that delegates control groups to its user, and reports to it. */
const OF_SYSTEMD = /^--(?:cidfile|cgroups|sdnotify)=/;

let directory: string;
let home: string;
let runtime: string;
let endService: () => Promise<unknown>;
/** Of the daemon in the container. */
let instance: string;
/** What Quadlet says about the unit, and makes of it. */
let quadlet: { readonly unit: string; readonly complaints: string };

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "agentd-contained-"));
  home = join(directory, "home");
  runtime = await mkdtemp(join(runtimeDirectory, "contained-"));
  await mkdir(join(runtime, "podman"));
  await mkdir(join(runtime, "agentd-container"), { mode: 0o700 });
  await makeRepository(join(home, "site.git"), { files: { "README.md": "the world\n" } });
  await writeConfig();

  const socket = `unix://${runtime}/podman/podman.sock`;
  const service = podman({ reject: false })`podman system service --time=0 ${socket}`;
  endService = async () => {
    service.kill();
    await service;
  };
  const user = [`--build-arg=UID=${getuid?.() ?? 0}`, `--build-arg=GID=${getgid?.() ?? 0}`];
  await podman("podman", [
    ...["build", "--quiet", "--layers=false", "--network=host", `--build-arg=BASE=${HOST_IMAGE}`],
    ...[...user, `--tag=${IMAGE}`, `--file=${join(EXAMPLES, "Containerfile")}`, PACKAGES],
  ]);
  quadlet = await askQuadlet();
  await podman("podman", await wordsToStart());
  await answering();
});

afterAll(async () => {
  await podman`podman rm --force --ignore --time=60 ${NAME}`;
  await removeContainersOf(environment, instance);
  await removeVolumesOf(environment, instance);
  await endService();
  await podman({ reject: false })`podman rmi --force ${IMAGE}`;
  await podman`podman unshare rm -rf ${directory} ${runtime}`;
});

async function writeConfig(): Promise<void> {
  const profile = (name: string, command: string, more = ""): string =>
    `[[profiles]]\nname = "${name}"\nbase_image = "${imageReference(BUSYBOX)}"\ncommand = ["/bin/sh", "-c", "${command}"]\n${more}\n`;
  await mkdir(join(home, ".config/agentd"), { recursive: true });
  await writeFile(
    join(home, ".config/agentd/agentd.toml"),
    [
      `[daemon]\npodman_socket = "${runtime}/podman/podman.sock"\n`,
      profile("demo", "id -u; echo new >news; echo done", `repo = "file://${home}/site.git"`),
      profile("long", "until [ -e go-on ]; do sleep 0.1; done; echo went on", 'workspace = "empty"'),
      profile("closed", "true", 'workspace = "empty"\nnetwork = "allowlist"\nallow = []'),
    ].join("\n"),
  );
}

/** Has the Quadlet of Debian 13 read the unit. */
async function askQuadlet() {
  const { stdout, stderr } = await podman("podman", [
    ...["run", "--rm", "--network=none", `--volume=${EXAMPLES}:/units:ro`, "--env=QUADLET_UNIT_DIRS=/units"],
    ...[HOST_IMAGE, "/usr/lib/systemd/system-generators/podman-system-generator", "--user", "--dryrun"],
  ]);
  return { unit: stdout, complaints: stderr };
}

/** The words of ExecStart, without what needs systemd, and with places of the test's own. */
async function wordsToStart(): Promise<string[]> {
  const [, line = ""] = /^ExecStart=\S*podman (.*)$/m.exec(quadlet.unit) ?? [];
  const words = line
    .replaceAll("%h", home)
    .replaceAll("%t", runtime)
    .replace("--name agentd ", `--name ${NAME} `)
    .replace(" localhost/agentd ", ` ${IMAGE} `)
    .split(" ")
    .filter((word) => !OF_SYSTEMD.test(word));
  // Where a user's Podman has its storage is in the home, but not for this one.
  const { stdout: storage } = await podman`podman info --format {{.Store.GraphRoot}}`;
  return [words[0] ?? "", `--volume=${storage}:${storage}`, ...words.slice(1)];
}

/** Runs agentd in the container, with any exit code. */
async function agentd(...args: string[]) {
  return await podman({ reject: false })`podman exec ${NAME} agentd ${args}`;
}

async function answering(): Promise<void> {
  instance = await until("the daemon's answer", async () => {
    const { exitCode, stdout } = await agentd("status", "--json");
    return exitCode === 0 && (JSON.parse(stdout) as { instance: string }).instance;
  });
}

describe("agentd in a container", () => {
  it("is a unit that Quadlet understands", () => {
    expect(quadlet.complaints.split("\n").filter((line) => !line.includes("Loading source unit"))).toEqual(
      [],
    );
    expect(quadlet.unit).toMatch(/^---agentd\.service---$/m);
    expect(quadlet.unit).toMatch(/^RuntimeDirectoryPreserve=yes$/m);
  });

  it("finds what sessions need", async () => {
    const { stdout } = await agentd("doctor", "demo", "--json");
    const { checks } = JSON.parse(stdout) as { checks: { name: string; status: string }[] };
    expect(checks.filter(({ status }) => status === "failure")).toEqual([]);
  });

  it("runs sessions as its user, whose work and records are that user's outside", async () => {
    const run = await agentd("run", "demo", "--json");
    expect(run).toMatchObject({ exitCode: 0, stderr: expect.stringContaining("39000\ndone") as string });
    const document = JSON.parse(run.stdout) as { session_id: string; outcome: string };
    expect(document.outcome).toBe("success");
    const record = join(home, ".local/state/tesserine/audit/demo", document.session_id);
    expect((await stat(join(record, "agentd/session.json"))).uid).toBe(getuid?.());
    expect((await agentd("diff", document.session_id)).stdout).toContain("+new");
    await execa("sha256sum", ["--check", "--quiet", "SHA256SUMS"], { cwd: record });
    expect((await agentd("audit", "verify", "--all")).exitCode).toBe(0);
  });

  it("keeps a session while its container is replaced", async () => {
    const { stdout: id } = await agentd("run", "--detach", "long");
    await until("the session to run", async () => (await agentd("ps")).stdout.includes("running"));
    await podman`podman rm --force --time=60 ${NAME}`;
    await podman("podman", await wordsToStart());
    await answering();
    expect((await agentd("exec", id, "--", "touch", "go-on")).exitCode).toBe(0);
    expect((await agentd("wait", id)).exitCode).toBe(0);
    expect((await agentd("logs", id)).stdout).toBe("went on");
  });

  it("says that it cannot open networks with an allowlist", async () => {
    const run = await agentd("run", "closed");
    expect(run.exitCode).toBe(125);
    expect(run.stderr).toContain("agentd may not enter the namespaces of the container");
    const { stdout } = await agentd("doctor", "closed", "--json");
    const { checks } = JSON.parse(stdout) as { checks: { name: string; status: string }[] };
    expect(checks.filter(({ status }) => status === "failure").map(({ name }) => name)).toEqual([
      "session_networks",
    ]);
  });

  it("leaves nothing of its sessions", async () => {
    expect(await sessionContainersOf(environment, instance)).toEqual([]);
    expect(await volumesOf(environment, instance)).toEqual([]);
  });
});
