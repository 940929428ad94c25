import { randomBytes } from "node:crypto";
import { execa } from "execa";
import { expect, it } from "vitest";
import { containersEnvironment } from "../kit/containers-environment.mjs";
import { plantKey, removeKey, takeKey } from "../kit/keyring.mjs";
import { podman } from "../kit/podman.mjs";
import { inAWorld } from "./in-a-world.ts";

const REFUSED = ["link", "read", "search", "request", "add"]
  .map((how) => `${how} Operation not permitted\n`)
  .join("");

it(
  "a session cannot reach the keys that the kernel keeps for the daemon's user",
  inAWorld(async (world) => {
    const image = await world.house.image("debian-git");
    world.profileKeys["base_image"] = image;
    const name = `agentd-test-${randomBytes(8).toString("hex")}`;
    const { stdout } = await execa("perl", ["-e", plantKey(name, "squirrel-in-the-attic")]);
    const [ring = "", key = ""] = stdout.split(" ");
    try {
      const attempt = takeKey(ring, key, name);
      // What would happen with Podman's own profile: the user of any container that is mapped as a session's is ours.
      const mapped = [
        "--userns=keep-id",
        "--cap-drop=all",
        "--security-opt=no-new-privileges",
        "--network=none",
      ];
      const container = ["run", "--rm", ...mapped, image, "perl", "-e", attempt];
      expect(await podman(containersEnvironment(), container)).toContain(
        "read works\nsquirrel-in-the-attic\n",
      );

      await world.commitAgent(`perl -e '${attempt}'`);
      const run = await world.start("agentd run site-builder");
      expect(await run.end()).toBe(0);
      expect(run.stdout.toString()).toBe(REFUSED);
    } finally {
      await execa("perl", ["-e", removeKey(ring, key)]);
    }
  }),
);
