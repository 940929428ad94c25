import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { expectNothingLeft } from "../kit/house/nothing-left.ts";
import { inAWorld } from "./in-a-world.ts";
import { usageOf } from "./process-usage.ts";

const LINE = `${"the door is green; ".repeat(25)}\n`;
const LINES = 430_000;
const MEGABYTE = 1_000_000;
/** Far more than the daemon grows by, and far less than what is printed. */
const MOST_GROWTH_MB = 50;

/** What the whole output hashes to, as sha256sum prints it. */
function digestOfFlood(): string {
  const hash = createHash("sha256");
  const block = LINE.repeat(1000);
  for (let blocks = 0; blocks < LINES / 1000; blocks++) hash.update(block);
  return `${hash.digest("hex")}  -\n`;
}

describe("a session that prints 200 MB", () => {
  it(
    "is complete in the record and for whoever reads along, and costs the daemon nothing",
    inAWorld(async (world) => {
      expect(LINE.length * LINES).toBeGreaterThan(200 * MEGABYTE);
      await world.commit({ line: LINE });
      await world.commitAgent(
        `echo ready >&2; yes "$(cat line)" | head -n ${LINES}; echo 'all of it' >&2\n` +
          "until [ -e .runa/go ]; do sleep 0.1; done",
      );
      const { daemon } = await world.daemon();
      const before = await usageOf(daemon.pid);
      const run = await world.start("agentd run site-builder | sha256sum");
      await run.printed("ready");
      const follow = await world.start("agentd logs -f SESSION 2>/dev/null | sha256sum");
      await run.printed("all of it");
      const after = await usageOf(daemon.pid);
      const seconds = (after.cpuSeconds - before.cpuSeconds).toFixed(2);
      console.info(
        `while the session printed, the daemon took ${seconds} s of CPU; its peak of memory went from ` +
          `${before.peakMb.toFixed(0)} to ${after.peakMb.toFixed(0)} MB`,
      );
      expect(after.peakMb - before.peakMb).toBeLessThan(MOST_GROWTH_MB);

      await writeFile(join((await world.record()).path, "runa/go"), "");
      await Promise.all([run.end(), follow.end()]);
      const digest = digestOfFlood();
      expect(run.stdout.toString()).toBe(digest);
      expect(follow.stdout.toString()).toBe(digest);
      const logs = await world.start("agentd logs SESSION 2>/dev/null | sha256sum");
      await logs.end();
      expect(logs.stdout.toString()).toBe(digest);
      expect((await usageOf(daemon.pid)).peakMb - before.peakMb).toBeLessThan(MOST_GROWTH_MB);
      expect(await (await world.record()).document()).toMatchObject({ outcome: "success", excluded: [] });
      await expectNothingLeft(world);
    }),
  );
});
