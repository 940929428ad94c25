import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readSession } from "../kit/records.mjs";
import { makeSecret } from "../kit/secrets.mjs";
import { inAWorld } from "./in-a-world.ts";

describe("a session whose fingerprints are gone, as after a restart of the host", () => {
  it(
    "is shown with --raw alone, and its seal says that redaction is incomplete",
    inAWorld(async (world) => {
      const secret = makeSecret();
      world.variables["SITE_CREDENTIAL"] = secret;
      world.profileKeys["credentials"] = [{ name: "CREDENTIAL", source: "SITE_CREDENTIAL" }];
      await world.commitAgent(`
        echo "my $CREDENTIAL"
        until [ -e .runa/go ]; do sleep 0.1; done
      `);
      const run = await world.start("agentd run site-builder");
      await run.printed("my [CREDENTIAL]\n");
      const { sandbox, instance } = await world.daemon();
      const { id, path } = await world.record();
      const shown = await sandbox.run(["logs", id]);
      expect(shown.stdout.toString()).toBe("my [CREDENTIAL]");

      await rm(join(sandbox.runtimeDirectory(instance), "redaction"), { recursive: true });
      const refused = await sandbox.run(["logs", id]);
      expect([refused.exitCode, refused.stdout.toString()]).toEqual([1, ""]);
      expect(refused.stderr).toContain(`agentd logs --raw ${id}`);
      expect((await sandbox.run(["logs", "--raw", id])).stdout.toString()).toBe(`my ${secret}`);

      await writeFile(join(path, "runa/go"), "");
      await run.end();
      const { redaction, redacted_values, warnings } = await readSession(path);
      expect([redaction, redacted_values]).toEqual(["incomplete", null]);
      expect(warnings).toEqual([expect.stringMatching(/^redaction: incomplete/)]);
      expect(await readFile(join(path, "agentd/console.log"), "utf8")).toContain(secret);
      expect((await sandbox.run(["logs", id])).exitCode).toBe(1);
    }),
  );
});
