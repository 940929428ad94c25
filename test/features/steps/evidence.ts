import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { expect, onTestFinished } from "vitest";
import type { World } from "../../kit/world.ts";
import type { Topic } from "./topic.ts";

/** What a stranger has got: the unpacked archive of each scenario that exported one. */
const EXPORTS = new WeakMap<World, string>();

function exported(world: World): string {
  const directory = EXPORTS.get(world);
  if (directory === undefined) throw new Error("nothing was exported");
  return directory;
}

/** The statement that was signed, as the commands of the README have taken it out. */
async function statementOf(world: World): Promise<Record<string, unknown>> {
  return JSON.parse(await readFile(join(exported(world), "statement.json"), "utf8")) as Record<
    string,
    unknown
  >;
}

/** The value at a path such as `predicate.a.0.b`. */
function valueAt(value: unknown, path: string): unknown {
  return path.split(".").reduce((inner, key) => (inner as Record<string, unknown>)[key], value);
}

/** What proves records, as a stranger and as somebody with the wrong intentions see it. */
export const EVIDENCE: Topic = [
  {
    pattern: "a stranger gets what {command} writes",
    run: async (world, text: string) => {
      const directory = await mkdtemp(join(tmpdir(), "agentd-stranger-"));
      onTestFinished(() => rm(directory, { recursive: true, force: true }));
      const command = await world.start(`${text} -o ${directory}/evidence.tar.gz`);
      expect(await command.end()).toBe(0);
      await execa({ cwd: directory })`tar -xzf evidence.tar.gz`;
      EXPORTS.set(world, join(directory, `agentd-${(await world.record()).id}`));
    },
  },
  {
    pattern: "the commands of its README accept the record",
    run: async (world) => {
      const directory = exported(world);
      const readme = await readFile(join(directory, "README.txt"), "utf8");
      const blocks = readme.match(/^ {4}\S.*\n(?: {4,}.*\n)*/gm) ?? [];
      // cosign is not on every machine: docs/audit.md says how it was tried.
      const commands = blocks.filter((block) => !block.trimStart().startsWith("cosign"));
      const { stdout } = await execa("sh", ["-ec", commands.join("")], { cwd: directory });
      expect(stdout).toContain("runa/report.txt: OK");
      expect(stdout).toContain("Signature Verified Successfully");
    },
  },
  {
    pattern: "the signed statement says:",
    run: async (world, rows: readonly (readonly [string, string])[]) => {
      const statement = await statementOf(world);
      for (const [path, value] of rows) {
        expect([path, valueAt(statement, path)]).toEqual([path, JSON.parse(await world.fill(value))]);
      }
    },
  },
  {
    pattern: "the signed statement names the commit and the digests of image and configuration",
    run: async (world) => {
      const statement = await statementOf(world);
      const { commit, image_digest, config_digest } = await (await world.record()).document();
      const build = "predicate.buildDefinition";
      expect(valueAt(statement, `${build}.resolvedDependencies.0.digest.gitCommit`)).toBe(commit);
      const image = valueAt(statement, `${build}.resolvedDependencies.1.digest.sha256`);
      expect(image_digest).toMatch(new RegExp(`${String(image)}$`));
      expect(valueAt(statement, `${build}.internalParameters.config_digest.sha256`)).toBe(config_digest);
    },
  },
  {
    pattern: "somebody removes the whole record",
    run: async (world) => {
      world.spoilt = true;
      const { path } = await world.record();
      await execa("chmod", ["-R", "u+w", path]);
      await execa("rm", ["-r", path]);
    },
  },
  {
    pattern: "there is one record left",
    run: (world) => expect(JSON.parse(world.command.stdout.toString())).toHaveLength(1),
  },
];
