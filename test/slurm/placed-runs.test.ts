/** Never twice: sessions on a real Slurm with the real channel and runner, while one or the other dies or is lied to. */
import { createHash, randomUUID } from "node:crypto";
import { chmod, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { ChannelClient } from "../../src/placement/channel/channel-client.ts";
import { makeIdentity } from "../../src/placement/channel/identity.ts";
import { CREDENTIAL, type PlacedHost, WAITS } from "../kit/placed-host.ts";
import { until } from "../kit/until.mjs";
import { onPlacedHost } from "./on-placed-host.ts";

const SCRIPT = "echo begun; sleep 1; echo ended";
/** Milliseconds from a submission to the end of the controller. */
const KILLED_AFTER_MS = [0, 20, 100, 300, 700, 1_500, 3_000, 5_000];
/** Bounds how long a hang lasts. */
const LONGEST_MS = 240_000;

let host: PlacedHost;

onPlacedHost((started) => (host = started));

/** What the journal of a session says of its jobs. */
async function stepsOf(id: string): Promise<string[]> {
  const { record } = await host.show(id);
  const lines = (await readFile(join(record, "agentd", "events.jsonl"), "utf8")).split("\n");
  return lines.flatMap((line) => /"event":"(job_[a-z_]+)"/.exec(line)?.[1] ?? []);
}

/** Has the daemon place sessions so, from its next start on. */
async function restartWith(profile: object, placement: object): Promise<void> {
  await host.endDaemon();
  await host.configure({ ...profile }, { ...placement });
  await host.startDaemon();
}

async function failed(id: string, why: string): Promise<void> {
  const shown = await host.sealed(id);
  expect(shown).toMatchObject({
    ...{ outcome: "launch_failed", stage: "placement", start_timestamp: null },
    cause: expect.stringContaining(why) as string,
  });
  await host.verified(id);
}

describe("a placed session", () => {
  it.each(KILLED_AFTER_MS)(
    "runs once with the controller killed %i ms after its submission",
    async (ms) => {
      const id = await host.run(SCRIPT);
      await until("its submission", async () => (await stepsOf(id)).includes("job_submitted"));
      await delay(ms);
      await host.slurm.killController();
      await host.slurm.startController();
      await host.ranOnce(id);
    },
    LONGEST_MS,
  );

  it("goes on under the next daemon, and through a killed channel", async () => {
    const id = await host.run(WAITS);
    await host.prints(id, "begun");
    await host.killChannel();
    await host.startDaemon();
    await host.letGo(id);
    await host.ranOnce(id);
  });

  it("is nobody's who has stolen the token from Slurm, and its credentials are on no disk", async () => {
    const id = await host.run(WAITS);
    await host.prints(id, "begun");
    const [number, , , job = ""] = (await host.jobsOf(id))[0]?.split(" ") ?? [];
    const { stdout: script } = await host.slurm.run("scontrol", ["write", "batch_script", number ?? "", "-"]);
    const token = /^[A-Za-z0-9_-]{43}$/m.exec(script)?.[0] ?? "";
    const fingerprint = /--fingerprint=([0-9a-f]{64})/.exec(script)?.[1] ?? "";
    const thief = new ChannelClient({ address: host.address, fingerprint, identity: await makeIdentity() });
    const claim = { job, token, node: "n1", boot_id: randomUUID(), is_resume: false };
    const stolen = thief.claim({ ...claim, seal_key: "A".repeat(60) });
    await expect(stolen).rejects.toMatchObject({ code: "claimed" });
    // No part of a session is another runner's.
    await expect(thief.told(id, { job, ran_ms: 0 })).rejects.toMatchObject({ code: "not_yours" });
    const places = [host.slurm.directory, join(host.sandbox.directory, "state")];
    const found = await execa("grep", ["-rlsI", "-F", CREDENTIAL, ...places], { reject: false });
    expect(found.stdout).toBe("");
    // The search does find what is there: digests of tokens are on the head's disk, and the token itself is not.
    const digest = createHash("sha256").update(token).digest("hex");
    const words = ["-rlsI", "-F", "-e", digest, "-e", token, join(host.sandbox.directory, "state")];
    expect((await execa("grep", words, { reject: false })).stdout).toMatch(
      new RegExp(`^[^\\n]*/channel/sessions/${id}\\.json$`),
    );
    await host.letGo(id);
    const { record } = await host.ranOnce(id);
    const late = thief.claim({ ...claim, seal_key: "A".repeat(60) });
    await expect(late).rejects.toMatchObject({ code: "token" });
    await thief.close();
    const lines = (await readFile(join(record, "agentd", "claims.jsonl"), "utf8")).trim().split("\n");
    const events = lines.map((line) => (JSON.parse(line) as { event: string }).event);
    expect(events).toEqual(["claimed", "claim_refused"]);
  });

  it("is given up after five jobs for which no runner has come", async () => {
    const agentd = join(host.slurm.directory, "bin", "agentd");
    await chmod(agentd, 0o600);
    const id = await host.run(SCRIPT);
    await failed(
      id,
      "no runner has come for any of its 5 jobs; of the last one the engine says: FAILED (NonZeroExitCode)",
    );
    await chmod(agentd, 0o755);
    expect(await stepsOf(id)).toEqual(Array(5).fill("job_submitted"));
  });

  it("has failed to launch when the engine takes it and cannot start it", async () => {
    await restartWith({ memory: "9t" }, {});
    await failed(await host.run(SCRIPT), "of the last one the engine says: FAILED (BadConstraints)");
  });

  it("has failed to launch when the engine refuses it", async () => {
    await restartWith({}, { partition: "nonsense" });
    await failed(await host.run(SCRIPT), "Invalid partition name specified");
  });
});
