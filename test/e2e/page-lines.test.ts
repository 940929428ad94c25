/** Lines of pages in which agentd works with other programs, as they are written. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { AGENTD } from "../kit/agentd.mjs";
import { chooseWebPort, startWebOf } from "../kit/house/web.ts";
import { type Block, blocksOf } from "../kit/markdown.ts";
import { git } from "../kit/repositories.mjs";
import type { World } from "../kit/world.ts";
import { letGo, reaches } from "./at-a-failpoint.ts";
import { inAWorld } from "./in-a-world.ts";

/** The block of a page that has a text. */
function blockWith(page: string, text: string): Block {
  const found = blocksOf(page).find(({ code }) => code.includes(text));
  if (found === undefined) throw new Error(`no block of ${page} has ${text}`);
  return found;
}

/** The line of a page that has a text. */
function lineWith(page: string, text: string): string {
  return (
    blockWith(page, text)
      .code.split("\n")
      .find((line) => line.includes(text)) ?? ""
  );
}

/** Types lines in a directory; they have to succeed. @returns what they print. */
async function type(world: World, directory: string, lines: string): Promise<string> {
  const { sandbox } = await world.daemon();
  const PATH = [dirname(AGENTD), sandbox.env["PATH"]].join(delimiter);
  const { stdout } = await execa("sh", ["-e", "-c", lines], {
    ...{ cwd: directory, env: { ...sandbox.env, PATH }, extendEnv: false },
  });
  return stdout;
}

const WAITS = `
mkdir -p .runa
until [ -e .runa/go ]; do sleep 0.1; done
cat fix/it 2>/dev/null || true
`;

describe("lines of pages", () => {
  it(
    "give a session a request, a file and a variable: docs/input.md",
    inAWorld(async (world) => {
      await world.commitAgent('echo "asked: $AGENTD_REQUEST $LEVEL"\ncat /agentd/input/change.patch || true');
      for (const name of ["fixer", "reviewer"]) world.otherProfiles.push({ ...world.profileKeys, name });
      await world.daemon();
      const checkout = join(world.house.hostFiles, "checkout");
      await git("/", ["clone", "--quiet", world.house.urlOf("site.git"), checkout]);
      await writeFile(join(checkout, "agent.sh"), "true\n");
      await writeFile(join(checkout, "task.md"), "do the task");
      const printed = await type(world, checkout, blockWith("docs/input.md", "git diff |").code);
      for (const line of ["Fix the typo in README", "do the task", "Review", "strict"])
        expect(printed).toContain(line);
      expect(printed).toContain("+++ b/agent.sh");
      expect(await world.records()).toHaveLength(5);
    }),
  );

  it(
    "bring files into a session, and show that its journal is whole: docs/hands.md, docs/audit.md",
    inAWorld(async (world) => {
      await world.commitAgent(WAITS);
      await (await world.start("agentd run site-builder --detach")).end();
      await reaches(world, "running");
      const { id, path } = await world.record();
      await mkdir(join(world.house.hostFiles, "fix"));
      await writeFile(join(world.house.hostFiles, "fix", "it"), "it is fixed");
      const copy = lineWith("docs/hands.md", "tar cf").replace("e81234", id.slice(-6));
      await type(world, world.house.hostFiles, copy);
      await letGo(world);
      await reaches(world, "sealed");
      expect(await readFile(join(path, "agentd", "console.log"), "utf8")).toContain("it is fixed");
      const sum = await type(world, path, lineWith("docs/audit.md", "sed -n 2p"));
      const third = (await readFile(join(path, "agentd", "events.jsonl"), "utf8")).split("\n")[2] ?? "";
      expect(sum).toContain((JSON.parse(third) as { readonly prev: string }).prev);
    }),
  );

  it(
    "start a session by HTTP, and the same one when they are typed again: docs/web.md",
    inAWorld(async (world) => {
      const port = await chooseWebPort(world);
      await world.commitAgent("true");
      const { url, tokenFile } = await startWebOf(world, port);
      const lines = blockWith("docs/web.md", "curl")
        .code.replace("~/.local/state/agentd/web-token", tokenFile)
        .replace("http://127.0.0.1:7788", url);
      const idOf = async (): Promise<unknown> =>
        (JSON.parse(await type(world, world.house.hostFiles, lines)) as Record<string, unknown>)[
          "session_id"
        ];
      const first = await idOf();
      expect(await idOf()).toBe(first);
      await reaches(world, "sealed");
      const record = await world.record();
      expect(await record.document()).toMatchObject({ outcome: "success", work_unit: "issue-42" });
      expect(first).toBe(record.id);
      expect(await world.records()).toHaveLength(1);
    }),
  );
});
