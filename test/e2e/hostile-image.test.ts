import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { containersEnvironment } from "../kit/containers-environment.mjs";
import { setDoorBefore } from "../kit/door.mjs";
import { writeFiles } from "../kit/files.mjs";
import { expectNothingLeft } from "../kit/house/nothing-left.ts";
import { BUSYBOX, ensureBusyboxImage, imageReference } from "../kit/images.mjs";
import { inspectContainer, podman, sessionContainersOf } from "../kit/podman.mjs";
import { readJournal } from "../kit/records.mjs";
import { until } from "../kit/until.mjs";
import { CREDENTIALS } from "./at-the-gate.ts";
import { CANARY, DONE, HOSTILE_IMAGES, READS_ONE_BYTE } from "./hostile-images.ts";
import { inAWorld } from "./in-a-world.ts";

describe("an image whose /bin/sh, before the clone has come,", () => {
  it.each(HOSTILE_IMAGES.map((each) => [each.what, each] as const))(
    "%s, runs and reaches nothing",
    (_, each) =>
      inAWorld(async (world) => {
        await CANARY.remove();
        const door = await setDoorBefore(world.house.urlOf("site.git"));
        try {
          world.profileKeys["base_image"] = await ensureBusyboxImage(containersEnvironment(), each.image);
          world.profileKeys["repo"] = door.url;
          await world.commit({ door: "green\n" });
          await world.commitAgent("cat door; [ -L door ] || echo 'no link'; echo here > .runa/here");
          const run = await world.start("agentd run site-builder");
          const record = await world.record();
          await until("the mischief", () => existsSync(join(record.path, "runa", DONE)));
          door.open();

          const code = await run.end();
          const complaints = await readFile(join(record.path, "runa", DONE), "utf8");
          expect(complaints).toMatch(each.complains ?? /^$/);
          const { outcome, stage, cause } = await record.document();
          if (each.fails === undefined) {
            expect({ code, outcome, stdout: run.stdout.toString() }).toEqual({
              code: 0,
              outcome: "success",
              stdout: "green\nno link\n",
            });
            expect(existsSync(join(record.path, "runa/here"))).toBe(true);
          } else {
            expect({ code, outcome, stage }).toEqual({ code: 125, outcome: "launch_failed", stage: "clone" });
            expect(cause).toContain(each.fails);
          }
          expect(CANARY.shows).toBe(false);
          expect(existsSync("/etc/here")).toBe(false);
          const verify = await world.start("agentd audit verify SESSION");
          expect(await verify.end()).toBe(0);
          await expectNothingLeft(world);
        } finally {
          await door.close();
        }
      })(),
  );
});

describe("an image whose /bin/sh takes one byte of its credentials", () => {
  it(
    "has no more time than the session",
    inAWorld(async (world) => {
      for (const [name, value] of CREDENTIALS) world.variables[`SITE_${name}`] = value;
      Object.assign(world.profileKeys, {
        base_image: await ensureBusyboxImage(containersEnvironment(), READS_ONE_BYTE),
        credentials: [...CREDENTIALS.keys()].map((name) => ({ name, source: `SITE_${name}` })),
      });
      await world.commitAgent("true");
      const run = await world.start("agentd run site-builder --timeout 3s");
      expect(await run.end()).toBe(124);
      expect(run.stdout.toString()).toBe("taken\n");
      const record = await world.record();
      expect(await record.document()).toMatchObject({ outcome: "timed_out", exit_code: null });
      const events = (await readJournal(record.path)).map(({ event }) => event);
      expect(events).toContain("gate_opened");
      expect(events).not.toContain("handed_over");
      await expectNothingLeft(world);
    }),
  );
});

/** All that an image can bring along besides files. */
const LOADED = `
FROM ${imageReference(BUSYBOX)}
ENTRYPOINT ["/bin/false"]
CMD ["/bin/false"]
USER 1000:1000
WORKDIR /nowhere
VOLUME ["/data", "/home/site-builder", "/home/site-builder/repo"]
STOPSIGNAL SIGKILL
HEALTHCHECK --interval=1s CMD touch /tmp/healthy
ENV AGENTD_WORK_UNIT=forged AGENTD_PROFILE=forged AGENTD_SESSION_ID=forged AGENT_NAME=forged HOME=/forged
`;

describe("an image with an entrypoint, volumes, a user, a health check and variables", () => {
  it(
    "gives the session its files, and nothing of these",
    inAWorld(async (world) => {
      const reference = imageReference({ name: "loaded" });
      await writeFiles(world.house.hostFiles, { Containerfile: LOADED });
      const options = ["--quiet", "--pull=never", "--format=docker", "--tag", reference];
      await podman(containersEnvironment(), ["build", ...options, world.house.hostFiles]);
      world.profileKeys["base_image"] = reference;
      await world.commitAgent(
        [
          'echo "$(id -un) $(id -u) $HOME $(pwd)"',
          'echo "$AGENTD_PROFILE $AGENT_NAME ${AGENTD_WORK_UNIT-unset} $AGENTD_SESSION_ID"',
          "grep -c ' /data ' /proc/mounts",
          "touch ~/mine /data/theirs 2>&- || echo 'not mine'",
          "trap 'echo told; exit 7' TERM",
          "echo ready",
          "while :; do sleep 0.1; done",
        ].join("\n"),
      );
      const run = await world.start("agentd run site-builder");
      await run.printed("ready");
      const { instance, sandbox } = await world.daemon();
      const [container] = await sessionContainersOf(sandbox.containers, instance);
      const { Config, Mounts } = (await inspectContainer(sandbox.containers, container?.Id ?? "")) as {
        readonly Config: { readonly Healthcheck?: { readonly Test: readonly string[] } };
        readonly Mounts: readonly { readonly Type: string }[];
      };
      expect(Config.Healthcheck?.Test ?? ["NONE"]).toEqual(["NONE"]);
      expect(Mounts.map(({ Type }) => Type)).not.toContain("volume");

      const stop = await world.start("agentd stop SESSION");
      expect(await stop.end()).toBe(0);
      expect(await run.end()).toBe(130);
      const record = await world.record();
      expect(run.stdout.toString().split("\n")).toEqual([
        "site-builder 39000 /home/site-builder /home/site-builder/repo",
        `site-builder site-builder unset ${record.id}`,
        "0",
        "not mine",
        "ready",
        "told",
        "",
      ]);
      expect(await record.document()).toMatchObject({ outcome: "cancelled", exit_code: 7 });
      await expectNothingLeft(world);
    }),
  );
});
