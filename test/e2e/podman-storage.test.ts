import { expect, it } from "vitest";
import { containersEnvironment } from "../kit/containers-environment.mjs";
import { podman } from "../kit/podman.mjs";
import { inAWorld } from "./in-a-world.ts";

it(
  "no session gets Podman's storage, wherever that is",
  inAWorld(async (world) => {
    const format = ["info", "--format", "{{.Store.GraphRoot}}\n{{.Store.RunRoot}}"];
    const directories = (await podman(containersEnvironment(), format)).split("\n");
    expect(directories).toHaveLength(2);
    await world.commitAgent("ls /storage");
    for (const source of directories) {
      world.profileKeys["mounts"] = [{ source, target: "/storage" }];
      await world.saveConfiguration();
      expect(await (await world.start("agentd reload")).end()).toBe(0);
      const run = await world.start("agentd run site-builder");
      expect(await run.end()).toBe(125);
      expect(run.stderr.toString()).toContain("launch_failed (mounts)");
      expect(run.stderr.toString()).toContain("Podman's");
    }
  }),
);
