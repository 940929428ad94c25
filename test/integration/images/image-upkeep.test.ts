import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { acceptedDocument, type SessionDocument } from "../../../src/session-document.ts";
import { containersEnvironment } from "../../kit/containers-environment.mjs";
import { ensureBusyboxImage } from "../../kit/images.mjs";
import { page, sections, tableRows } from "../../kit/markdown.ts";

const AGENTD = join(import.meta.dirname, "..", "..", "..", "bin", "agentd");
const ROBOT = "localhost/agentd/test-upkeep";
const OLD = "localhost/agentd-test/upkeep-old:1";
const podman = execa({ env: containersEnvironment().variables });

let base: string;
let home: string;

beforeAll(async () => {
  base = await ensureBusyboxImage(containersEnvironment(), { name: "busybox" });
});
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "agentd-upkeep-"));
});
afterEach(async () => {
  await rm(home, { recursive: true });
});
afterAll(async () => {
  await podman`podman rmi --force --ignore ${OLD} ${ROBOT}:latest ${ROBOT}:1.0.0 ${ROBOT}:2.0.0`;
});

/** An image that differs from its base by one file, or is the base with a label. */
async function build(name: string, lines: readonly string[]): Promise<string> {
  const file = join(home, "Containerfile");
  await writeFile(file, [`FROM ${base}`, ...lines].join("\n"));
  const { stdout } = await podman`podman build --quiet --tag ${name} --file ${file} ${home}`;
  return stdout.trim().split("\n").at(-1) ?? "";
}

async function agentd(...args: string[]) {
  const { variables } = containersEnvironment();
  return await execa(AGENTD, args, {
    reject: false,
    extendEnv: false,
    env: {
      ...variables,
      PATH: process.env["PATH"] ?? "",
      HOME: home,
      AGENTD_SOCKET: join(home, "none.sock"),
    },
  });
}

async function json<T>(...args: string[]): Promise<T> {
  const { exitCode, stdout, stderr } = await agentd(...args, "--json");
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
  return JSON.parse(stdout) as T;
}

async function configure(...images: string[]): Promise<void> {
  await mkdir(join(home, ".config/agentd"), { recursive: true });
  const profiles = images.map((image, place) =>
    ["[[profiles]]", `name = "p${place}"`, `base_image = "${image}"`, 'command = ["true"]', ""].join("\n"),
  );
  await writeFile(join(home, ".config/agentd/agentd.toml"), profiles.join("\n"));
}

/** The record of a session that used an image. */
async function leaveRecord(id: string, fields: Partial<SessionDocument>): Promise<void> {
  const directory = join(home, ".local/state/tesserine/audit/p0", id, "agentd");
  await mkdir(directory, { recursive: true });
  const accepted = acceptedDocument({
    ...{ profile: "p0", repo_url: null, ref: null, work_unit: null, trigger: "manual", command: ["true"] },
    ...{ image: OLD, config_digest: "0".repeat(64), queued_timestamp: "2026-01-02T03:04:05.000Z" },
  });
  await writeFile(
    join(directory, "session.json"),
    JSON.stringify({ ...accepted, session_id: id, ...fields }),
  );
}

const fieldsOf = (heading: string) =>
  tableRows(sections(page("json.md"), 2).get(heading) ?? "").map(([field]) => field);

interface ListedImage {
  readonly image: string;
  readonly [field: string]: unknown;
}
interface Pruning {
  readonly images: readonly { readonly names: readonly string[] }[];
}
/** Other tests keep images of their own in the same storage. */
const mine = ({ images }: Pruning) =>
  images.flatMap(({ names }) => names).filter((name) => /upkeep/.test(name));

describe("agentd image ls", () => {
  it("lists the images of profiles with their last use, and those of agents, missing or not", async () => {
    const id = await build(OLD, ["RUN echo old >/old"]);
    await configure(OLD, "localhost/nowhere:1", OLD);
    await leaveRecord("0198f2a4c6e81234", { outcome: "success" });
    const listed = await json<ListedImage[]>("image", "ls");
    for (const each of listed) expect(Object.keys(each)).toEqual(fieldsOf("An image"));
    const named = new Map(listed.map((each) => [each.image, each]));
    expect(named.get(OLD)).toMatchObject({
      ...{ agent: null, state: "present", profiles: ["p0", "p2"], open_sessions: [], id },
      last_used_timestamp: "2026-01-02T03:04:05.000Z",
    });
    expect(named.get("localhost/nowhere:1")).toMatchObject({ state: "missing", id: null, profiles: ["p1"] });
    expect([...named.keys()]).toContain("localhost/agentd/codex:latest");
    const { stdout } = await agentd("image", "ls");
    expect(stdout).toMatch(
      /^localhost\/agentd-test\/upkeep-old:1 +- +- +present +\S+ \S+ +\S+ +.* ago +p0, p2 +sha256/m,
    );
  });
});

describe("agentd image pull", () => {
  it("makes the copy for sessions of an image that no registry has", async () => {
    await build(OLD, ["RUN echo fresh >/fresh"]);
    await configure(OLD);
    const ready = await json<ListedImage[]>("image", "pull");
    expect(Object.keys(ready[0]!)).toEqual(fieldsOf("An image that is ready"));
    expect(ready).toMatchObject([{ image: OLD, profiles: ["p0"], is_pulled: false, is_shifted: true }]);
    expect((await json<ListedImage[]>("image", "ls")).find(({ image }) => image === OLD)).toMatchObject({
      is_shifted: true,
    });
    const { stdout } = await podman`podman ps --all --filter ancestor=${OLD} --quiet`;
    expect(stdout).toBe("");
  });

  it.each([
    [["nobody"], "unknown_profile", "Existing profiles: p0"],
    [[], "image_missing", "agentd image build test-unbuilt"],
  ])("of %j is refused with %s", async (names, code, next) => {
    await configure("localhost/agentd/test-unbuilt:latest");
    const { exitCode, stderr } = await agentd("image", "pull", ...names);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(`[${code}]`);
    expect(stderr).toContain(next);
  });
});

describe("agentd image prune", () => {
  it("removes what agentd built and sessions used, and only when it is told to", async () => {
    await build(OLD, ["RUN echo used >/used"]);
    await build(`${ROBOT}:1.0.0`, ["LABEL io.agentd.agent=test-upkeep", "RUN echo 1 >/robot"]);
    await build(`${ROBOT}:2.0.0`, ["LABEL io.agentd.agent=test-upkeep", "RUN echo 2 >/robot"]);
    await configure(`${ROBOT}:2.0.0`);
    await leaveRecord("0198f2a4c6e81234", { outcome: "success" });
    const plan = await json<Pruning & Record<string, unknown>>("image", "prune");
    expect(Object.keys(plan)).toEqual(fieldsOf("A pruning of images"));
    expect(plan["removed"]).toBe(false);
    expect(mine(plan).sort()).toEqual([OLD, `${ROBOT}:1.0.0`]);
    const { stdout } = await podman`podman images --format {{.Repository}}:{{.Tag}}`;
    expect(stdout.split("\n")).toEqual(expect.arrayContaining([OLD, `${ROBOT}:1.0.0`, base]));
  });

  it("keeps what an open session needs", async () => {
    await build(OLD, ["RUN echo open >/open"]);
    await configure(base);
    await leaveRecord("0198f2a4c6e81234", {});
    expect(mine(await json<Pruning>("image", "prune"))).not.toContain(OLD);
  });

  it("removes with --yes, and says what Podman refuses", async () => {
    // A storage of its own: what other tests have built is for this command to remove.
    const storage = join(home, "storage");
    await mkdir(storage);
    const conf = join(storage, "storage.conf");
    await writeFile(
      conf,
      `[storage]\ndriver = "vfs"\ngraphroot = "${storage}/graph"\nrootless_storage_path = "${storage}/graph"\nrunroot = "${storage}/run"\n`,
    );
    const { CONTAINERS_CONF: _shared, ...variables } = containersEnvironment().variables;
    const env = { ...variables, CONTAINERS_STORAGE_CONF: conf, PATH: process.env["PATH"] ?? "", HOME: home };
    const own = execa({ env, extendEnv: false, reject: false });
    for (const name of [`${ROBOT}:1.0.0`, `${ROBOT}:2.0.0`, "localhost/mine:1"]) {
      await writeFile(join(home, "file"), name);
      await execa("tar", ["--owner=0", "--group=0", "-cf", join(home, "image.tar"), "-C", home, "file"]);
      const args = ["import", "--quiet", "--change", `LABEL n=${name}`, join(home, "image.tar"), name];
      expect(await own("podman", args)).toMatchObject({ exitCode: 0 });
    }
    await configure(`${ROBOT}:2.0.0`);
    const socket = {
      env: { ...env, AGENTD_SOCKET: join(home, "none.sock") },
      extendEnv: false,
      reject: false,
    };
    const { exitCode, stdout, stderr } = await execa(AGENTD, ["image", "prune", "--yes"], socket);
    expect({ exitCode, stderr }).toEqual({
      exitCode: 0,
      stderr: expect.stringMatching(/^agentd: removed 1 image, up to /) as string,
    });
    expect(stdout).toMatch(/test-upkeep:1\.0\.0 .* never +agentd built it/);
    const left = await own("podman", ["images", "--format", "{{.Repository}}:{{.Tag}}"]);
    expect(left.stdout.split("\n").sort()).toEqual([`${ROBOT}:2.0.0`, "localhost/mine:1"]);
    expect((await execa(AGENTD, ["image", "prune"], socket)).stderr).toBe("agentd: no image to remove");
    // Nobody may write to its directories.
    await own("podman", ["unshare", "rm", "-r", storage]);
  });

  it("needs a configuration, which says what is needed", async () => {
    const { exitCode, stderr } = await agentd("image", "prune");
    expect(exitCode).toBe(1);
    expect(stderr).toContain("[config_not_found]");
  });
});
