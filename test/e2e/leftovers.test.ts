import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { containersEnvironment } from "../kit/containers-environment.mjs";
import { expectNothingLeft } from "../kit/house/nothing-left.ts";
import { BUSYBOX, ensureBusyboxImage, imageReference } from "../kit/images.mjs";
import { podman } from "../kit/podman.mjs";
import { AtAFailpoint, killDaemon, reaches } from "./at-a-failpoint.ts";
import { inAWorld } from "./in-a-world.ts";

/** A session that no record tells of. */
const STRANGER = "0123456789abcdef";

describe("what a daemon finds of no session that it knows", () => {
  it(
    "is removed: containers that run, that were never started, volumes, staging; another instance's stay",
    inAWorld(async (world) => {
      const { sandbox, instance } = await world.daemon();
      await killDaemon(world);
      // As a crash leaves it that came before anything said whose it is.
      await mkdir(join(sandbox.cacheDirectory, "staging", STRANGER, "repo"), {
        recursive: true,
        mode: 0o700,
      });
      const image = imageReference(BUSYBOX);
      const made: string[] = [];
      for (const owner of [instance, "00000000"]) {
        const labels = ["--label", `io.agentd.instance=${owner}`, "--label", `io.agentd.session=${STRANGER}`];
        const name = `agentd-${owner}-${STRANGER}`;
        await podman(sandbox.containers, ["create", ...labels, "--name", `${name}-created`, image, "true"]);
        await podman(sandbox.containers, ["volume", "create", ...labels, `${name}-home`]);
        await podman(sandbox.containers, [
          ...["run", "--detach", "--init", "--network=none", ...labels, "--name", name],
          ...["--volume", `${name}-home:/home`, image, "sleep", "1000"],
        ]);
        made.push(name);
      }
      const others = made.at(-1) ?? "";
      try {
        const { daemon } = await world.startDaemonAgain();
        await expectNothingLeft(world);
        expect(daemon.log).toContain("removed a leftover");
        const names = await podman(sandbox.containers, ["ps", "--all", "--format={{.Names}}"]);
        expect(names.split("\n")).toEqual(expect.arrayContaining([others, `${others}-created`]));
        expect(await podman(sandbox.containers, ["volume", "ls", "--quiet"])).toContain(`${others}-home`);
      } finally {
        await podman(sandbox.containers, ["rm", "--force", "--time=0", others, `${others}-created`]);
        await podman(sandbox.containers, ["volume", "rm", `${others}-home`]);
      }
    }),
  );
});

describe("a session whose home is the image's", () => {
  it.each(["container_created", "container_removed"] as const)(
    "leaves no volume behind when its daemon is killed at %s",
    (label) =>
      inAWorld(async (world) => {
        world.profileKeys["base_image"] = await ensureBusyboxImage(containersEnvironment(), {
          name: "with-home",
          files: { "etc/passwd": "root:x:0:0:root:/root:/bin/sh\n", "home/site-builder/.profile": "x=y\n" },
        });
        const failpoint = await AtAFailpoint.arm(world, `${label}=crash`);
        await world.commitAgent("cat ~/.profile");
        await (await world.start("agentd run site-builder --detach")).end();
        await failpoint.hit(label);
        await failpoint.startDaemonAgain();
        await reaches(world, "sealed");
        expect(await (await world.record()).document()).toMatchObject({ outcome: "success" });
        await expectNothingLeft(world);
      })(),
  );
});
