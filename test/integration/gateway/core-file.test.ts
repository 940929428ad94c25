import { existsSync } from "node:fs";
import { readdir, readFile, rm } from "node:fs/promises";
import { execa } from "execa";
import { expect, it } from "vitest";
import { until } from "../../kit/until.mjs";
import { makeGround, startContainer } from "./gateway-ground.ts";

it("leaves no core file with a provider's key, also where processes may leave one", async () => {
  await execa("prlimit", ["--pid", String(process.pid), "--core=unlimited"]);
  const ground = await makeGround();
  const inside = await startContainer();
  try {
    const gateway = ground.daemon();
    await gateway.open(ground.request(inside, []));
    const pid = gateway.process?.pid ?? 0;
    const limits = await readFile(`/proc/${pid}/limits`, "utf8");
    expect(limits).toMatch(/^Max core file size +0 +0 /m);
    process.kill(pid, "SIGQUIT");
    await until("the gateway's end", () => Promise.resolve(!existsSync(`/proc/${pid}`)));
    expect(await coreFiles()).toEqual([]);
    // The difference: what is started here without that leaves one.
    const other = await execa("sh", ["-c", "kill -QUIT $$"], { reject: false });
    expect(other.signal).toBe("SIGQUIT");
    if ((await readFile("/proc/sys/kernel/core_pattern", "utf8")) === "core\n")
      expect(await coreFiles()).not.toEqual([]);
  } finally {
    await execa("prlimit", ["--pid", String(process.pid), "--core=0:"]);
    for (const file of await coreFiles()) await rm(file);
    await inside.remove();
    await ground.remove();
  }
});

/** In the directory where both are started. */
async function coreFiles(): Promise<string[]> {
  return (await readdir(".")).filter((name) => /^core(\.\d+)?$/.test(name));
}
