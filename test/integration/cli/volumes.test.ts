import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { OpenIndex } from "../../../src/audit/open/open-index.ts";
import { removeTree } from "../../../src/trees/remove-tree.ts";
import { VolumeStore } from "../../../src/volumes/volume-store.ts";
import { page, sections, tableRows } from "../../kit/markdown.ts";
import { NEW_DOCUMENT } from "../../kit/record-document.ts";
import { agentd } from "./installed-cli.ts";

const SESSION = "0198f2a4c6e81234";

let home: string;
let state: string;
let store: VolumeStore;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "agentd-volumes-"));
  state = join(home, ".local/state/agentd");
  store = new VolumeStore(state, { removeTree, now: () => Date.parse("2026-01-02T03:04:05Z") });
});
afterEach(() => rm(home, { recursive: true }));

/** A configuration with one profile that names these volumes. */
async function configure(volumes: string): Promise<void> {
  await mkdir(join(home, ".config/agentd"), { recursive: true });
  await writeFile(
    join(home, ".config/agentd/agentd.toml"),
    `[[profiles]]\nname = "demo"\nbase_image = "x"\ncommand = ["true"]\nvolumes = [${volumes}]\n`,
  );
}

/** Leaves an open session. @param plan of which only the volumes count. */
async function leaveSession(plan: unknown): Promise<void> {
  const document = { ...NEW_DOCUMENT, session_id: SESSION };
  await new OpenIndex(state).add({ id: SESSION, directory: "/d", requestId: "r", document, plan });
}

async function json<T>(...args: string[]): Promise<T> {
  const { exitCode, stdout, stderr } = await agentd(home, ...args, "--json");
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  return JSON.parse(stdout) as T;
}

const fieldsOf = (heading: string) =>
  tableRows(sections(page("json.md"), 2).get(heading) ?? "").map(([field]) => field);

const ids = async (): Promise<string[]> => (await store.list()).map(({ id }) => id);

describe("agentd volume ls", () => {
  it("lists what exists and what profiles name, with its users", async () => {
    await configure(
      '{ name = "npm", target = "~/.npm", size = "4g" }, { name = "new", target = "/new", shared = true }',
    );
    await writeFile(join(await store.open("demo/npm"), "file"), Buffer.alloc(100_000, "x"));
    await store.open("old/cache");
    await leaveSession({ profile: { name: "demo", volumes: [{ name: "npm", shared: false }] } });
    const listed = await json<Record<string, unknown>[]>("volume", "ls");
    expect(Object.keys(listed[0]!)).toEqual(fieldsOf("A volume"));
    expect(listed).toMatchObject([
      { volume: "@shared/new", directory: null, size_bytes: null, profiles: ["demo"], open_sessions: [] },
      {
        volume: "demo/npm",
        limit_bytes: 4 * 1024 ** 3,
        last_used_timestamp: "2026-01-02T03:04:05.000Z",
        profiles: ["demo"],
        open_sessions: [SESSION],
      },
      { volume: "old/cache", limit_bytes: null, profiles: [], open_sessions: [] },
    ]);
    const { stdout } = await agentd(home, "volume", "ls");
    expect(stdout).toMatch(/^VOLUME +SIZE +LIMIT +LAST USED +PROFILES +SESSIONS\n/);
    expect(stdout).toMatch(/^@shared\/new +- +- +never +demo +-$/m);
  });

  it("is an empty list where there is nothing", async () => {
    expect(await json("volume", "ls")).toEqual([]);
  });
});

describe("agentd volume rm", () => {
  it("removes by the whole name, or by the last part of the only one", async () => {
    for (const id of ["demo/npm", "demo/go", "other/go"]) await store.open(id);
    expect(await json("volume", "rm", "npm", "demo/npm", "other/go")).toEqual({
      removed: ["demo/npm", "other/go"],
    });
    expect(await ids()).toEqual(["demo/go"]);
  });

  it.each([
    [["nothing"], "unknown_volume", "there is none of that name"],
    [["npm", "go"], "unknown_volume", "it may be any of demo/go, other/go"],
  ])("of %j is refused with %s, and nothing is removed", async (names, code, why) => {
    for (const id of ["demo/npm", "demo/go", "other/go"]) await store.open(id);
    const { exitCode, stderr } = await agentd(home, "volume", "rm", ...names);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(`[${code}]`);
    expect(stderr).toContain(why);
    expect(await ids()).toHaveLength(3);
  });

  it.each([
    ["has it", { profile: { name: "demo", volumes: [{ name: "npm", shared: false }] } }],
    ["may have any, as its plan is of another version", { profile: "demo" }],
  ])("is refused while an open session %s", async (_what, plan) => {
    await store.open("demo/npm");
    await leaveSession(plan);
    const { exitCode, stderr } = await agentd(home, "volume", "rm", "npm");
    expect(exitCode).toBe(1);
    expect(stderr).toContain("[volume_in_use]");
    expect(stderr).toContain(SESSION);
    expect(await ids()).toEqual(["demo/npm"]);
  });
});

describe("agentd volume prune", () => {
  it("removes what no profile names and no session has, and only when it is told to", async () => {
    await configure('{ name = "npm", target = "~/.npm" }');
    for (const id of ["demo/npm", "demo/old", "gone/cache", "gone/open"]) await store.open(id);
    await leaveSession({ profile: { name: "gone", volumes: [{ name: "open", shared: false }] } });
    const plan = await json<{ volumes: { volume: string }[] }>("volume", "prune");
    expect(Object.keys(plan)).toEqual(fieldsOf("A pruning of volumes"));
    expect(plan).toMatchObject({ removed: false, failed: [] });
    expect(plan.volumes.map(({ volume }) => volume)).toEqual(["demo/old", "gone/cache"]);
    expect(await ids()).toHaveLength(4);
    const { stderr } = await agentd(home, "volume", "prune", "--yes");
    expect(stderr).toBe("agentd: removed 2 volumes\n");
    expect(await ids()).toEqual(["demo/npm", "gone/open"]);
  });

  it("needs a configuration, which says what is needed", async () => {
    await store.open("demo/npm");
    const { exitCode, stderr } = await agentd(home, "volume", "prune", "--yes");
    expect(exitCode).toBe(1);
    expect(stderr).toContain("[config_not_found]");
    expect(await ids()).toEqual(["demo/npm"]);
  });
});
