/** Never twice: sessions placed on a real Slurm with a real channel, while one or the other dies. */
import { createHash, randomUUID } from "node:crypto";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ChannelClient } from "../../src/placement/channel/channel-client.ts";
import { makeIdentity } from "../../src/placement/channel/identity.ts";
import { type PlacedEnd, PlacedRuns, type PlacedStep } from "../../src/placement/placed-runs.ts";
import { SlurmPlacement } from "../../src/slurm/slurm-placement.ts";
import { SlurmPrograms } from "../../src/slurm/slurm-programs.ts";
import { ChannelProgram } from "../kit/channel-program.ts";
import { type Slurm, startSlurm } from "../kit/slurm.mjs";
import { until } from "../kit/until.mjs";

const LOOK_MS = 200;
/** Bounds how long a hang lasts. */
const LONGEST_MS = 100_000;
const CANARY = "canary-of-a-credential-8be1";
/** Milliseconds from a submission to the end of the controller. */
const KILLED_AFTER_MS = [0, 20, 100, 300, 700, 1_500, 3_000, 5_000];

let slurm: Slurm;
let channel: ChannelProgram;
let directory: string;
let placement: SlurmPlacement;
let steps: PlacedStep[] = [];
let sessions = 0;
const { signal } = new AbortController();

beforeAll(async () => {
  slurm = await startSlurm({ settings: ["MessageTimeout=2"] });
  directory = await mkdtemp(join(tmpdir(), "agentd-placed-"));
  for (const name of ["notes", "bin"]) await mkdir(join(directory, name));
  const script = join(directory, "runner.mjs");
  await build({
    entryPoints: [fileURLToPath(new URL("runner.ts", import.meta.url))],
    ...{ bundle: true, platform: "node", format: "esm", outfile: script, logLevel: "error" },
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire("/");' },
  });
  const agentd = join(directory, "bin", "agentd");
  await writeFile(agentd, `#!/bin/sh\nexec ${process.execPath} ${script} ${join(directory, "notes")} "$@"\n`);
  await chmod(agentd, 0o755);
  channel = new ChannelProgram(directory);
  await channel.start();
  placement = placementIn("main");
});

afterAll(async () => {
  await slurm.close();
  await channel.kill();
  await rm(directory, { recursive: true });
});

function placementIn(partition: string): SlurmPlacement {
  return new SlurmPlacement({
    ...{ programs: new SlurmPrograms(slurm.variables), monotonic: () => performance.now() },
    ...{ partition, extraArgs: [], nodePath: `${join(directory, "bin")}:/usr/bin:/bin` },
  });
}

/** A session's place, and a head that looks at it. */
function place(plan: object, limits = {}) {
  sessions += 1;
  const sessionId = sessions.toString(16).padStart(16, "0");
  const run = {
    ...{ sessionId, plan: JSON.stringify(plan), credentials: CANARY },
    limits: { memoryBytes: undefined, cpus: undefined, timeMs: undefined, ...limits },
    console: { path: join(directory, `${sessionId}.log`), most_bytes: 1_000_000 },
    record: { path: join(directory, `${sessionId}.tar`), most_bytes: 1_000_000 },
  };
  const head = (engine = placement) => {
    const runs = new PlacedRuns({
      ...{ placement: engine, channel: channel.connection, head: "0a1b2c3d", address: channel.address },
      monotonic: () => performance.now(),
      ...{ fingerprint: channel.fingerprint, onStep: (step: PlacedStep) => steps.push(step) },
    });
    runs.add(run);
    return runs;
  };
  steps = [];
  return { sessionId, head };
}

/** Looks until the session has ended. */
async function ended(runs: PlacedRuns, sessionId: string): Promise<PlacedEnd> {
  for (const deadline = performance.now() + LONGEST_MS; performance.now() < deadline;) {
    const end = (await runs.look(signal)).get(sessionId);
    if (end !== undefined) return end;
    // A controller that was killed starts jobs that run already, and drains the node: "Duplicate jobid".
    await slurm.resumeNodes();
    await delay(LOOK_MS);
  }
  const [queue, nodes] = await Promise.all([
    slurm.run("squeue", ["--states=all"]),
    slurm.run("sinfo", ["--Node", "--format=%N %T %E"]),
  ]);
  throw new Error(
    [`no end of ${sessionId}:`, queue.stdout, nodes.stdout, ...(await notes(sessionId))].join("\n"),
  );
}

async function notes(sessionId: string): Promise<string[]> {
  const text = await readFile(join(directory, "notes", sessionId), "utf8").catch(() => "");
  return text.split("\n").slice(0, -1);
}

async function whole(sessionId: string, end: PlacedEnd): Promise<void> {
  expect(end.kind).toBe("collected");
  expect(await readFile(join(directory, `${sessionId}.tar`), "utf8")).toBe(`record of ${sessionId}`);
  expect(await readFile(join(directory, `${sessionId}.log`), "utf8")).toBe("output\n");
  const started = (await notes(sessionId)).filter((line) => line.startsWith("start"));
  expect(started).toHaveLength(1);
}

describe("a placed session", () => {
  it.each(KILLED_AFTER_MS)("runs once with the controller killed %i ms after its submission", async (ms) => {
    const { sessionId, head } = place({ work_ms: 500 });
    const runs = head();
    await runs.look(signal);
    expect(steps.map(({ step }) => step)).toEqual(["submitted"]);
    await delay(ms);
    await slurm.killController();
    // The head looks meanwhile, and decides nothing.
    await runs
      .look(signal)
      .then((end) => expect([...end.values()].filter(({ kind }) => kind !== "collected")).toEqual([]));
    await slurm.startController();
    const end = await ended(head(), sessionId);
    await whole(sessionId, end);
  });

  it("goes on under the next head, which knows its jobs from the channel, and through a killed channel", async () => {
    const { sessionId, head } = place({ work_ms: 1_500 });
    await head().look(signal);
    await channel.kill();
    await channel.start();
    const end = await ended(head(), sessionId);
    await whole(sessionId, end);
  });

  it("is resumed on its node when its runner dies", async () => {
    const { sessionId, head } = place({ work_ms: 100, dies: true });
    const end = await ended(head(), sessionId);
    await whole(sessionId, end);
    const [start, resume] = await notes(sessionId);
    expect(resume).toBe(start?.replace("start", "resume"));
  });

  it("runs once although its job is put back by force", async () => {
    const { sessionId, head } = place({ work_ms: 4_000 });
    const runs = head();
    await runs.look(signal);
    const name = steps[0]?.job ?? "";
    while ((await notes(sessionId)).length === 0) await delay(LOOK_MS);
    const { stdout: id } = await slurm.run("squeue", ["--noheader", `--name=${name}`, "--format=%i"]);
    expect((await slurm.run("scontrol", ["requeue", id])).exitCode).not.toBe(0);
    // Its owner may undo what it was submitted with.
    await slurm.run("scontrol", ["update", `jobid=${id}`, "requeue=1"]);
    expect((await slurm.run("scontrol", ["requeue", id])).exitCode).toBe(0);
    // Slurm has killed the runner, and would wait for two minutes before it starts another.
    await until("the job put back", async () => {
      const seen = await slurm.run("squeue", ["--noheader", `--name=${name}`, "--format=%T"]);
      return seen.stdout === "PENDING";
    });
    await slurm.run("scontrol", ["update", `jobid=${id}`, "starttime=now"]);
    const end = await ended(runs, sessionId);
    await whole(sessionId, end);
    expect((await slurm.run("scontrol", ["show", "job", id])).stdout).toContain("Restarts=1");
    // Whether the second runner came before the resume or not, it was sent away.
    const others = (await notes(sessionId)).filter((line) => !/^(?:start|resume|end) /.test(line));
    for (const line of others) expect(line).toMatch(/^refused:(?:handed_over|claimed) n[12]$/);
    expect(await notes(sessionId)).toContain((await notes(sessionId))[0]?.replace("start", "resume"));
  });

  it("is nobody's who has stolen the token from Slurm, and its credentials are on no disk", async () => {
    const { sessionId, head } = place({ work_ms: 1_000 });
    const runs = head();
    await runs.look(signal);
    const name = steps[0]?.job ?? "";
    while ((await notes(sessionId)).length === 0) await delay(LOOK_MS);
    const { stdout: id } = await slurm.run("squeue", ["--noheader", `--name=${name}`, "--format=%i"]);
    const { stdout: script } = await slurm.run("scontrol", ["write", "batch_script", id, "-"]);
    const token = /^[A-Za-z0-9_-]{43}$/m.exec(script)?.[0] ?? "";
    const { address, fingerprint } = channel;
    const thief = new ChannelClient({ address, fingerprint, identity: await makeIdentity() });
    const claim = { job: name, token, node: "n1", boot_id: randomUUID(), is_resume: false };
    const stolen = thief.claim({ ...claim, seal_key: "A".repeat(60) });
    await expect(stolen).rejects.toMatchObject({ code: "claimed" });
    await whole(sessionId, await ended(runs, sessionId));
    const late = thief.claim({ ...claim, seal_key: "A".repeat(60) });
    await expect(late).rejects.toMatchObject({ code: "claimed" });
    await thief.close();
    const journal = join(directory, "state", "sessions", `${sessionId}.claims.jsonl`);
    const lines = (await readFile(journal, "utf8")).trim().split("\n");
    const events = lines.map((line) => (JSON.parse(line) as { event: string }).event);
    expect(events).toEqual(["claimed", "claim_refused", "claim_refused"]);
    const places = [slurm.directory, directory];
    const found = await execa("grep", ["-rlsI", "-F", CANARY, ...places], { reject: false });
    expect(found.stdout).toBe("");
    // The search does find what is there: digests of tokens are on the head's disk, and the token itself is not.
    const digest = createHash("sha256").update(token).digest("hex");
    const searched = await execa("grep", ["-rlsI", "-F", "-e", digest, "-e", token, directory], {
      reject: false,
    });
    expect(searched.stdout).toBe(join(directory, "state", "sessions", `${sessionId}.json`));
  });

  it("is given up after five jobs for which no runner has come", async () => {
    const { sessionId, head } = place({ work_ms: 0 });
    await chmod(join(directory, "bin", "agentd"), 0o600);
    const end = await ended(head(), sessionId);
    await chmod(join(directory, "bin", "agentd"), 0o755);
    expect(end).toEqual({
      kind: "launch_failed",
      why: "no runner has come for any of its 5 jobs; of the last one the engine says: FAILED (NonZeroExitCode)",
    });
    expect(steps).toHaveLength(5);
    const { sessions: known } = await channel.connection.call("status", { sessions: [sessionId] }, 10_000);
    expect(known).toEqual([]);
  });

  it("has failed to launch when the engine refuses it, or takes it and cannot start it", async () => {
    const refused = place({ work_ms: 0 });
    const runs = refused.head(placementIn("nonsense"));
    expect(await ended(runs, refused.sessionId)).toMatchObject({
      kind: "launch_failed",
      why: expect.stringContaining("Invalid partition name specified") as string,
    });
    const { sessionId, head } = place({ work_ms: 0 }, { memoryBytes: 10 ** 13 });
    expect(await ended(head(), sessionId)).toMatchObject({
      kind: "launch_failed",
      why: expect.stringContaining("of the last one the engine says: FAILED (BadConstraints)") as string,
    });
  });
});
