import { containersOf, isWaiting } from "./podman.mjs";
import { readJournal } from "./records.mjs";
import { until } from "./until.mjs";
import type { World } from "./world.ts";

/** The id of the one container that waits for the next session. */
export async function waitingContainer(world: World): Promise<string> {
  const { sandbox, instance } = await world.daemon();
  return await until("a container that waits", async () => {
    const { stdout } = await sandbox.run(["status", "--json"]);
    const { warm } = JSON.parse(String(stdout)) as { warm: { waiting: number } };
    if (warm.waiting === 0) return undefined;
    return (await containersOf(sandbox.containers, instance)).find(isWaiting)?.Id;
  });
}

/** Of the session that was accepted last: its container, by its journal, and whether that had waited. */
export async function containerOf(world: World): Promise<{ id: unknown; waited: boolean }> {
  const journal = await readJournal((await world.record()).path);
  const line = journal.findLast((each) =>
    ["warm_taken", "container_created"].includes(String(each["event"])),
  );
  return { id: line?.["container"], waited: line?.["event"] === "warm_taken" };
}
