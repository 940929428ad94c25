import { chmod, copyFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { containersEnvironment } from "../kit/containers-environment.mjs";
import { until } from "../kit/until.mjs";
import type { World } from "../kit/world.ts";
import { inAWorld } from "./in-a-world.ts";

/** A user of this host who is not ours: one of our subordinate ones, by its number in our namespace. */
const OTHER_USER = "1234";

/** Runs a shell script as the other user. */
function asOtherUser(script: string, ...args: string[]) {
  const words = ["unshare", "setpriv", `--reuid=${OTHER_USER}`, `--regid=${OTHER_USER}`, "--clear-groups"];
  return execa("podman", [...words, "/bin/sh", "-c", script, "sh", ...args], {
    env: containersEnvironment().variables,
    reject: false,
  });
}

/** Prints the user that a program runs as, again and again until it is told to stop: nothing where it cannot run. */
const TRY_FOR_EVER =
  'until [ -e "$1" ]; do for tool in "$2" "$3" "$4"; do "$tool" id -u; done; sleep 0.02; done';

/** Leaves a program with setuid everywhere it can. */
const AGENT = `
for place in .runa . ~; do
  cp /bin/busybox $place && chmod 6755 $place/busybox
done
echo ready
until [ -e .runa/go ]; do sleep 0.1; done
`;

/** Where they are on the host. */
async function programs(world: World): Promise<string[]> {
  const { sandbox } = await world.daemon();
  const { id, path } = await world.record();
  const staging = join(sandbox.cacheDirectory, "staging", id);
  return [join(path, "runa/busybox"), join(staging, "repo/busybox"), join(staging, "home/busybox")];
}

/** All that is not agentd's own is open to everybody, as directories of a host usually are. */
async function openParents(world: World): Promise<void> {
  const { sandbox } = await world.daemon();
  await chmod(sandbox.directory, 0o755);
  for (const place of ["state", "state/tesserine", "cache"]) {
    await mkdir(join(sandbox.directory, place), { recursive: true });
    await chmod(join(sandbox.directory, place), 0o755);
  }
}

describe("a program that an agent leaves with setuid", () => {
  it.each([true, false])("is never of use to another user, with audit_private = %s", (isPrivate) =>
    inAWorld(async (world) => {
      world.daemonKeys["audit_private"] = isPrivate;
      await world.commitAgent(AGENT);
      await openParents(world);
      const over = join(world.house.hostFiles, "over");
      await chmod(join(world.house.hostFiles, ".."), 0o755);

      // What would happen if it were of use: any other user runs it, and it runs as us. (busybox itself would not.)
      const open = join(world.house.hostFiles, "id");
      await copyFile("/usr/bin/id", open);
      await chmod(open, 0o6755);
      expect((await asOtherUser('"$1" -u; /usr/bin/id -u', open)).stdout).toBe(`0\n${OTHER_USER}`);

      const run = await world.start("agentd run site-builder");
      await run.printed("ready");
      const places = await programs(world);
      const attempts = asOtherUser(TRY_FOR_EVER, over, ...places);
      let refusals = "";
      attempts.stderr.on("data", (chunk: Buffer) => (refusals += chunk.toString()));
      await until("attempts while it runs", () => places.every((place) => refusals.includes(place)));
      await writeFile(join((await world.record()).path, "runa/go"), "");
      expect(await run.end()).toBe(0);
      refusals = "";
      await until("attempts afterwards", () => places.every((place) => refusals.includes(place)));
      await writeFile(over, "");
      expect((await attempts).stdout).toBe("");
    })(),
  );
});
