import { join } from "node:path";
import { expect, it } from "vitest";
import { containersEnvironment } from "../kit/containers-environment.mjs";
import { podman } from "../kit/podman.mjs";
import { inAWorld } from "./in-a-world.ts";

it(
  "no session gets Podman's storage, wherever that is",
  inAWorld(async (world) => {
    const storage = await podman(containersEnvironment(), ["info", "--format", "{{.Store.GraphRoot}}"]);
    await world.commitAgent("ls /storage");
    for (const source of [storage, join(storage, "overlay")]) {
      world.profileKeys["mounts"] = [{ source, target: "/storage" }];
      await world.saveConfiguration();
      expect(await (await world.start("agentd reload")).end()).toBe(0);
      const run = await world.start("agentd run site-builder");
      expect(await run.end()).toBe(125);
      expect(run.stderr.toString()).toMatch(/launch_failed \(mounts\).*Podman's storage/);
    }
  }),
);
