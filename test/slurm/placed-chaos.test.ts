/** The table of chaos, for sessions on nodes: whatever dies at whichever step, a session runs once and its record says so. */
import { mkdir, mkdtemp, readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { PlacedHost } from "../kit/placed-host.ts";
import { processesWith, sendSignal } from "../kit/processes.mjs";
import { until } from "../kit/until.mjs";

const SCRIPT = "echo begun; sleep 1; echo ended";

/** Steps at which the head dies. */
const HEAD = [
  ...["accepted", "admitted", "placement_noted", "placement_claimed", "running_journaled", "payload_written"],
  ...[
    "supervising",
    "placement_collected",
    "node_record_kept",
    "exit_seen",
    "finishing_journaled",
    "exporting",
  ],
  ...["exported", "redacted", "sealing", "sealed"],
];
/** Steps at which the runner dies. */
const NODE = [
  ...["record_directory_made", "admitted", "gate_made", "container_created", "container_started", "gate_met"],
  ...["running_journaled", "payload_half", "payload_sent", "payload_written", "supervising", "exit_seen"],
  ...["finishing_journaled", "container_removed", "exporting", "exported", "redacted", "sealing", "sealed"],
];
/** How often Slurm's controller dies, each time with new sessions. */
const CONTROLLER_KILLS = Number(process.env["AGENTD_CONTROLLER_KILLS"] ?? 2);
/** Milliseconds for which sessions have been placed when it dies. */
const KILLED_AFTER_MS = [0, 500, 1_500, 3_000, 5_000];

/** More deaths than an engine may have failed jobs, each soon after the one before. */
const KILLS_IN_A_ROW = 8;
const KILLED_EVERY_MS = 2_500;

/** Bounds how long a hang lasts. */
const LONGEST_MS = 400_000;

let host: PlacedHost;
let marks: string;

beforeAll(async () => {
  host = await PlacedHost.start();
  await host.configure();
  marks = await mkdtemp(join(tmpdir(), "agentd-marks-"));
});

afterEach(async ({ task }) => {
  if (task.result?.state === "fail") console.error(await host.story());
  await host.setNodeVariables({});
  // Also where a row has failed: the next one starts another.
  await host.endDaemon();
});

afterAll(async () => {
  await host.close();
});

async function armed(label: string): Promise<{ variables: Record<string, string>; directory: string }> {
  const directory = join(marks, `${label}-${Date.now()}`);
  await mkdir(directory);
  return {
    directory,
    variables: { AGENTD_FAILPOINTS: `${label}=crash@1`, AGENTD_FAILPOINTS_DIR: directory },
  };
}

async function reached(directory: string, label: string): Promise<void> {
  await until(`a death at ${label}`, async () => (await readdir(directory)).includes(`${label}.1`));
}

describe("a session on a node runs once", () => {
  it.each(HEAD)(
    "when its head dies at %s",
    async (label) => {
      const { variables, directory } = await armed(label);
      await host.startDaemon(variables);
      const accepted = host.run(SCRIPT).catch(() => undefined);
      await reached(directory, label);
      await host.daemon.exited;
      await host.startDaemon();
      const answered = await accepted;
      const listed = (await host.sandbox.runJson(["ps", "-a", "--json"])) as { session_id: string }[];
      await host.ranOnce(answered ?? listed[0]?.session_id ?? "");
    },
    LONGEST_MS,
  );

  it.each(NODE)(
    "when its runner dies at %s",
    async (label) => {
      await host.startDaemon();
      const { variables, directory } = await armed(label);
      await host.setNodeVariables(variables);
      const id = await host.run(SCRIPT);
      await reached(directory, label);
      await host.setNodeVariables({});
      await host.ranOnce(id);
    },
    LONGEST_MS,
  );

  it(
    "when its runner dies after its head has the record, and the next runner on the node removes what is left",
    async () => {
      await host.startDaemon();
      const { variables, directory } = await armed("set_aside");
      await host.setNodeVariables(variables);
      const id = await host.run(SCRIPT);
      await reached(directory, "set_aside");
      await host.setNodeVariables({});
      const { placement } = await host.ranOnce(id);
      const aside = join(host.nodesDirectory, placement?.["node"] ?? "", "over");
      expect(await readdir(aside)).toContain(id);
      // On any node: until one has come to that.
      await until("an empty node", async () => {
        await host.ranOnce(await host.run(SCRIPT));
        return (await readdir(aside)).length === 0;
      });
    },
    LONGEST_MS,
  );

  it.each(["told_noted", "told_ordered"])(
    "and ends once when its job is cancelled and one of both dies at %s",
    async (label) => {
      const { variables, directory } = await armed(label);
      await host.setNodeVariables(label === "told_noted" ? variables : {});
      await host.startDaemon(label === "told_ordered" ? variables : {});
      const id = await host.run("echo begun; sleep 1000");
      await host.prints(id, "begun");
      await host.slurm.run("scancel", [await host.jobOf(id)]);
      await reached(directory, label);
      await host.setNodeVariables({});
      if (label === "told_ordered") {
        await host.daemon.exited;
        await host.startDaemon();
      }
      const shown = await host.sealed(id);
      expect(shown).toMatchObject({ outcome: "cancelled", cause: "its job was cancelled in Slurm" });
      expect(await host.printed(id)).toBe("begun");
      await host.verified(id);
    },
    LONGEST_MS,
  );

  it(
    `although Slurm's controller dies up to 5 s after its start, ${CONTROLLER_KILLS} times with other sessions`,
    async () => {
      await host.startDaemon();
      for (let kill = 0; kill < CONTROLLER_KILLS; kill += 1) {
        const last = Math.max(...KILLED_AFTER_MS);
        const started = KILLED_AFTER_MS.map((ms) => delay(last - ms).then(() => host.run(SCRIPT)));
        const ids = await Promise.all(started);
        await host.slurm.killController();
        await host.slurm.startController();
        for (const id of ids) await host.ranOnce(id);
      }
    },
    LONGEST_MS * CONTROLLER_KILLS,
  );

  it(
    "although Slurm's controller dies again and again while it is placed, and loses its jobs",
    async () => {
      await host.startDaemon();
      const ids = await Promise.all(["1", "2", "3"].map(() => host.run(SCRIPT)));
      for (let kill = 0; kill < KILLS_IN_A_ROW; kill += 1) {
        await delay(KILLED_EVERY_MS);
        await host.slurm.killController();
        await host.slurm.startController();
      }
      for (const id of ids) await host.ranOnce(id);
    },
    LONGEST_MS,
  );

  it("when its container's supervisor dies, and is interrupted", async () => {
    await host.startDaemon();
    const id = await host.run("echo begun; sleep 1000");
    await host.prints(id, "begun");
    for (const pid of await processesWith("conmon", id)) sendSignal(pid, "SIGKILL");
    const shown = await host.sealed(id);
    expect(shown).toMatchObject({ outcome: "interrupted", placement: { engine: "slurm" } });
    expect(shown.start_timestamp).not.toBeNull();
  });
});
