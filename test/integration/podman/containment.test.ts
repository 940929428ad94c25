import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { containersEnvironment } from "../../kit/containers-environment.mjs";
import { podman } from "../../kit/podman.mjs";
import { type EngineRoom, openEngineRoom } from "./engine-room.ts";

let room: EngineRoom;
beforeAll(async () => {
  room = await openEngineRoom();
});
afterAll(() => room.close());

/** Makes a container behind the engine's back. */
async function createBehind(...options: string[]): Promise<string> {
  const label = `--label=io.agentd.instance=${room.instance}`;
  const words = ["create", label, "--network=none", ...options, room.request("").image, "sleep", "1000"];
  return (await podman(containersEnvironment(), words)).trim();
}

describe("a container that has started", () => {
  it("is refused when its seccomp profile is not that of sessions", async () => {
    const id = await createBehind();
    await expect(room.engine.startContainer(id)).rejects.toMatchObject({
      code: "container_weaker",
      details: { found: [expect.stringMatching(/^its seccomp profile allows keyctl/) as string] },
    });
    await room.engine.removeContainer(id);
  });

  it("is refused when it has no seccomp profile", async () => {
    const id = await createBehind("--security-opt=seccomp=unconfined");
    await expect(room.engine.startContainer(id)).rejects.toMatchObject({
      code: "container_weaker",
      details: { found: ["it has no seccomp profile"] },
    });
    await room.engine.removeContainer(id);
  });
});

describe("the limit of processes", () => {
  it("holds for each container by itself", async () => {
    const script = "for i in $(seq 100); do sleep 3 & echo $i; done";
    const request = () => room.request(script, { limits: { pids: 40 } });
    const [first, second] = await Promise.all([room.run(request()), room.run(request())]);
    for (const { output } of [first, second]) {
      const begun = output
        .trim()
        .split("\n")
        .filter((line) => /^\d+$/.test(line));
      // Besides these there are init, the shell, and the kernel's count of both.
      expect(begun.length).toBeGreaterThan(30);
      expect(begun.length).toBeLessThanOrEqual(40);
      expect(output).toContain("can't fork");
    }
  });
});
