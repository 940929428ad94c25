import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { ConfigFile } from "../../kit/config-under-test.ts";

const DOCS = resolve(import.meta.dirname, "../../../docs");

async function configurationsOf(page: string): Promise<string[]> {
  const text = await readFile(join(DOCS, page), "utf8");
  return [...text.matchAll(/^```toml\n(.*?)^```$/gms)].map(([, source = ""]) => source);
}

describe("docs/triggers.md", () => {
  it("has only configurations that agentd accepts", async () => {
    const blocks = await configurationsOf("triggers.md");
    const file = await ConfigFile.create();
    try {
      const loaded = [];
      for (const source of blocks) loaded.push((await file.load(source)).profiles);
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

describe("docs/webhooks.md", () => {
  it("has a configuration that agentd accepts", async () => {
    const [source = "", ...others] = await configurationsOf("webhooks.md");
    const file = await ConfigFile.create();
    try {
      const { profiles } = await file.load(source);
      expect([profiles[0]?.webhooks.map(({ name, kind }) => [name, kind]), others]).toEqual([
        [["default", "github"]],
        [],
      ]);
    } finally {
      await file.remove();
    }
  });
});
