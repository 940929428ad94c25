import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { ConfigFile } from "../../kit/config-under-test.ts";

const PAGE = resolve(import.meta.dirname, "../../../docs/triggers.md");

describe("docs/triggers.md", () => {
  it("has only configurations that agentd accepts", async () => {
    const blocks = [...(await readFile(PAGE, "utf8")).matchAll(/^```toml\n(.*?)^```$/gms)];
    const file = await ConfigFile.create();
    try {
      const loaded = [];
      for (const [, source = ""] of blocks) loaded.push((await file.load(source)).profiles);
      const names = loaded.map((profiles) => profiles.map(({ name }) => name));
      expect(names).toEqual([["gardener"], ["gardener"], ["builder", "reviewer"]]);
      expect(loaded[0]?.[0]?.schedules).toHaveLength(3);
      expect(loaded[1]?.[0]?.retry).toMatchObject({ times: 2 });
      expect(loaded[2]?.[1]?.chain).toEqual({ after: ["builder"], on: ["success"] });
    } finally {
      await file.remove();
    }
  });
});
