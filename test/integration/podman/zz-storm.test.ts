import { it } from "vitest";
import { setTimeout as delay } from "node:timers/promises";
import { containersEnvironment } from "../../kit/containers-environment.mjs";
import { containersOf, unusedVolumes, podman } from "../../kit/podman.mjs";
import { openEngineRoom } from "./engine-room.ts";

it("storm", async () => {
  const room = await openEngineRoom();
  let done = false;
  let pid = 0;
  let kills = 0;
  const killer = (async () => {
    while (!done && kills < 14) {
      pid = await room.servicePid(pid);
      await delay(250 + Math.random() * 300);
      try { process.kill(pid, "SIGKILL"); kills++; } catch (e) { console.log(String(e)); }
    }
  })();
  const results: Record<string, number> = {};
  const note = (k: string) => (results[k] = (results[k] ?? 0) + 1);
  const one = async (n: number) => {
    const request = room.request(`exit ${n}`, { network: n % 2 ? "private" : "host" });
    let step = "create";
    try {
      const { id } = await room.engine.createContainer(request);
      step = "start";
      await room.engine.startContainer(id);
      step = "wait";
      const exit = await room.engine.waitForExit(id, { signal: AbortSignal.timeout(60_000) });
      note(exit.kind === "exited" && exit.exitCode === n ? "right" : JSON.stringify(exit));
    } catch (error) {
      note(`${step}: ${String(error).replaceAll(/[0-9a-f]{12,}/g, "ID")}`);
    } finally {
      try { await room.engine.removeContainer(request.name); } catch (error) { note(`remove: ${String(error).replaceAll(/[0-9a-f]{12,}/g, "ID")}`); }
    }
  };
  const lanes = Array.from({ length: 4 }, async (_, lane) => { for (let i = 0; kills < 14; i++) await one(lane * 20 + (i % 20)); });
  await Promise.all(lanes);
  done = true; await killer;
  console.log(kills, results);
  console.log(await containersOf(containersEnvironment(), room.instance), await unusedVolumes(containersEnvironment()));
  console.log(await podman(containersEnvironment(), ["ps", "-a", "--external"]));
  await room.close();
}, 300_000);
