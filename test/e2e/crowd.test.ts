import { describe, expect, it } from "vitest";
import { expectNothingLeft } from "../features/house/nothing-left.ts";
import { inAWorld } from "./in-a-world.ts";

describe("eight sessions at once", () => {
  it(
    "end as each of them should and leave nothing behind",
    inAWorld(async (world) => {
      const codes = [0, 1, 2, 5, 6, 42, 126, 127];
      world.daemonKeys["max_sessions"] = codes.length;
      await world.commitAgent('echo "$AGENTD_SESSION_ID"; id > .runa/id; exit "$AGENTD_WORK_UNIT"');
      const runs = codes.map((code) => world.start(`agentd run site-builder --work-unit ${code}`));
      const commands = await Promise.all(runs);
      expect(await Promise.all(commands.map((command) => command.end()))).toEqual(codes);

      const records = await world.records();
      const documents = await Promise.all(records.map((record) => record.document()));
      expect(documents.map((document) => document.exit_code).sort()).toEqual([...codes].sort());
      for (const [index, command] of commands.entries()) {
        const record = await world.recordOf(String(codes[index]));
        expect(command.stdout.toString()).toBe(`${record.id}\n`);
      }
      await expectNothingLeft(world);
    }),
  );
});
