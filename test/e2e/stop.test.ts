import { describe, expect, it } from "vitest";
import { setDoorBefore } from "../kit/door.mjs";
import { expectNothingLeft } from "../kit/house/nothing-left.ts";
import { sessionContainersOf } from "../kit/podman.mjs";
import { until } from "../kit/until.mjs";
import { inAWorld } from "./in-a-world.ts";

const CANCELLED = { outcome: "cancelled", exit_code: null, start_timestamp: null, stage: null };

describe("agentd stop", () => {
  it.each([
    ["while its clone waits for the server", true],
    ["as soon as it is accepted", false],
  ])("ends a session that is still prepared: %s", (_, withContainer) =>
    inAWorld(async (world) => {
      const door = await setDoorBefore(world.house.urlOf("site.git"));
      try {
        world.profileKeys["repo"] = door.url;
        await world.commitAgent("echo 'never reached'");
        const run = await world.start("agentd run site-builder --json");
        const { sandbox, instance } = await world.daemon();
        if (withContainer) {
          await door.waiting();
          await until("a container that waits", async () => {
            const [container] = await sessionContainersOf(sandbox.containers, instance);
            return container?.State === "running";
          });
        }
        const stop = await world.start("agentd stop SESSION");
        expect(await stop.end()).toBe(0);
        expect(await run.end()).toBe(130);
        const record = await world.record();
        expect(await record.document()).toMatchObject(CANCELLED);
        expect(JSON.parse(run.stdout.toString())).toMatchObject({ ...CANCELLED, state: "sealed" });
        expect(await record.states()).toEqual(["queued", "preparing", "finishing", "sealed"]);
        await expectNothingLeft(world);
      } finally {
        await door.close();
      }
    })(),
  );
});
