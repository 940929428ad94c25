import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { inAWorld } from "./in-a-world.ts";

const WAITS = "echo ready; until [ -e .runa/go ]; do sleep 0.1; done";

describe("Ctrl-C in agentd run", () => {
  it(
    "stops the session and stays for its end",
    inAWorld(async (world) => {
      await world.commitAgent(`trap 'echo winding up; exit 3' TERM; ${WAITS}`);
      const run = await world.start("agentd run site-builder");
      await run.printed("ready");
      run.signal("SIGINT");
      expect(await run.end()).toBe(130);
      expect(run.stdout.toString()).toBe("ready\nwinding up\n");
      expect(await (await world.record()).document()).toMatchObject({ outcome: "cancelled", exit_code: 3 });
    }),
  );

  it(
    "leaves at once when it comes a second time, and the session to the daemon",
    inAWorld(async (world) => {
      await world.commitAgent(`trap 'echo asked to stop' TERM; ${WAITS}`);
      const run = await world.start("agentd run site-builder");
      await run.printed("ready");
      run.signal("SIGINT");
      await run.printed("asked to stop");
      run.signal("SIGINT");
      expect(await run.end()).toBe(130);
      const record = await world.record();
      expect(run.stderr.toString()).toContain(`agentd logs -f ${record.id}`);
      expect(await record.state()).toBe("running");

      await writeFile(join(record.path, "runa/go"), "");
      const wait = await world.start("agentd wait SESSION");
      expect(await wait.end()).toBe(130);
      expect(await record.document()).toMatchObject({ outcome: "cancelled", exit_code: 0 });
    }),
  );
});
