import { chmod, readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CUT_SHORT } from "../../src/credentials/launcher.ts";
import { expectNothingLeft } from "../kit/house/nothing-left.ts";
import { sessionContainersOf } from "../kit/podman.mjs";
import { readJournal } from "../kit/records.mjs";
import { until } from "../kit/until.mjs";
import type { World } from "../kit/world.ts";
import { AtAFailpoint, COUNTING_AGENT, killDaemon, letGo, reaches, startsOf } from "./at-a-failpoint.ts";
import { inAWorld } from "./in-a-world.ts";

async function containerEnded(world: World): Promise<void> {
  const { sandbox, instance } = await world.daemon();
  await until("the end of the container", async () => {
    const [container] = await sessionContainersOf(sandbox.containers, instance);
    return container !== undefined && container.State !== "running";
  });
}

const LABELS = ["payload_sent", "payload_written"] as const;
/** What a session's command leaves with, and what that is, where the gate does not stand any more and where it does. */
const ENDS = [
  ["exit 0", "success", "success"],
  ["exit 5", "work_failed", "work_failed"],
  ["exit 125", "generic_failure", "generic_failure"],
  [`exit ${CUT_SHORT}`, "generic_failure", "interrupted"],
  ["kill -KILL $$", "terminated_by_signal", "interrupted"],
] as const;
const CASES = LABELS.flatMap((label) =>
  ENDS.map(([way, gone, stands]) => [label, way, label === "payload_written" ? gone : stands] as const),
);

describe("a session that ends while no daemon lives, before its hand-over is journaled,", () => {
  it.each(CASES)("at %s by `%s` is %s", (label, way, outcome) =>
    inAWorld(async (world) => {
      await world.commitAgent(`echo start >> .runa/starts\n${way}`);
      const failpoint = await AtAFailpoint.arm(world, `${label}=crash`);
      await (await world.start("agentd run site-builder --detach")).end();
      await failpoint.hit(label);
      await (
        await world.daemon()
      ).daemon.exited;
      await containerEnded(world);
      const record = await world.record();
      expect((await readJournal(record.path)).some(({ event }) => event === "handed_over")).toBe(false);

      await failpoint.startDaemonAgain();
      await reaches(world, "sealed");
      expect((await record.document()).outcome).toBe(outcome);
      expect(await startsOf(world)).toBe(1);
      await expectNothingLeft(world);
    })(),
  );

  it(
    "has its own end, too, when the next daemon already follows it",
    inAWorld(async (world) => {
      await world.commitAgent(COUNTING_AGENT);
      const failpoint = await AtAFailpoint.arm(world, "payload_sent=crash");
      await (await world.start("agentd run site-builder --detach")).end();
      await failpoint.hit("payload_sent");
      await (
        await world.daemon()
      ).daemon.exited;
      await failpoint.startDaemonAgain("adopting=wait");
      await failpoint.hit("adopting");
      await letGo(world);
      await containerEnded(world);
      await failpoint.goOn("adopting");
      await reaches(world, "sealed");
      expect(await (await world.record()).document()).toMatchObject({ outcome: "work_failed", exit_code: 5 });
      expect(await startsOf(world)).toBe(1);
      await expectNothingLeft(world);
    }),
  );

  it(
    "is interrupted when its launcher was cut short",
    inAWorld(async (world) => {
      await world.commitAgent("echo start >> .runa/starts");
      const failpoint = await AtAFailpoint.arm(world, "payload_half=wait");
      await (await world.start("agentd run site-builder --detach")).end();
      await failpoint.hit("payload_half");
      const { sandbox, instance } = await world.daemon();
      const gates = join(sandbox.runtimeDirectory(instance), "gates");
      const [gate = ""] = await readdir(gates);
      await chmod(join(gates, gate, "credentials"), 0);
      await killDaemon(world);
      await containerEnded(world);
      await failpoint.startDaemonAgain();
      await reaches(world, "sealed");
      expect(await (await world.record()).document()).toMatchObject({
        outcome: "interrupted",
        exit_code: null,
      });
      expect(await startsOf(world)).toBe(0);
      await expectNothingLeft(world);
    }),
  );
});
