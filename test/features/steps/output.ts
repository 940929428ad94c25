import { expect } from "vitest";
import type { World } from "../../kit/world.ts";
import type { Rows, Topic } from "./topic.ts";

/** What the command that was typed last has printed. */
export const OUTPUT: Topic = [
  {
    pattern: "its stdout is:",
    run: async (world, text: string) => expect(stdout(world)).toBe(await world.fill(text)),
  },
  {
    pattern: "its stdout is {bytes}",
    run: (world, bytes: Buffer) =>
      expect(world.command.stdout.toString("latin1")).toBe(bytes.toString("latin1")),
  },
  {
    pattern: "its stdout mentions {string}, {string} and {string}",
    run: (world, ...texts: string[]) => expectAll(world, stdout(world), texts),
  },
  {
    pattern: "its stdout mentions all of:",
    run: (world, rows: Rows) => expectAll(world, stdout(world), rows.flat()),
  },
  {
    pattern: "the terminal shows {string}",
    run: (world, text: string) => world.command.printed(text),
  },
  {
    pattern: "the terminal shows {string} below a cleared line",
    run: (world, text: string) => expect(stdout(world)).toContain(`\r\x1b[K${text}\r\n`),
  },
  {
    pattern: "the terminal got {bytes}",
    run: (world, bytes: Buffer) => expect(latin1(world)).toContain(bytes.toString("latin1")),
  },
  {
    pattern: "the terminal did not get {bytes}",
    run: (world, bytes: Buffer) => expect(latin1(world)).not.toContain(bytes.toString("latin1")),
  },
  {
    pattern: "its stdout mentions {string} and {string}",
    run: (world, ...texts: string[]) => expectAll(world, stdout(world), texts),
  },
  {
    pattern: "its stdout does not mention {string}",
    run: async (world, text: string) => expect(stdout(world)).not.toContain(await world.fill(text)),
  },
  {
    pattern: "its stderr without agentd's own lines is:",
    run: (world, text: string) => expect(stderr(world).replace(/^agentd: .*\n( {2}.*\n)*/gm, "")).toBe(text),
  },
  {
    pattern: "its stderr says {string} and {string}",
    run: (world, ...texts: string[]) => expectAll(world, stderr(world), texts),
  },
  {
    pattern: "its stderr does not say {string}",
    run: (world, text: string) => expect(stderr(world)).not.toContain(text),
  },
  {
    pattern: "its stderr says all of:",
    run: async (world, unfilled: Rows) => {
      const rows = await Promise.all(
        unfilled.map((row) => Promise.all(row.map(async (cell) => await world.fill(cell)))),
      );
      // One problem is a line and what is indented below it.
      const problems = stderr(world).split(/\n(?! {3})/);
      const told = rows.map((row) => problems.find((problem) => row.every((cell) => problem.includes(cell))));
      expect(told, stderr(world)).not.toContain(undefined);
    },
  },
  {
    pattern: "it prints {string} while the session runs",
    run: async (world, text: string) => {
      await world.command.printed(text);
      expect(await (await world.record()).state()).toBe("running");
    },
  },
  {
    pattern: "the JSON on its stdout says:",
    run: (world, rows: Rows) => expect(json(world)).toMatchObject(jsonObject(rows)),
  },
  {
    pattern: "the JSON on its stdout is a list with:",
    run: async (world, [keys = [], ...rows]: Rows) => {
      const filled = JSON.parse(await world.fill(JSON.stringify(rows))) as Rows;
      const expected = filled.map((row) => jsonObject(keys.map((key, index) => [key, row[index] ?? ""])));
      const list = json(world) as Record<string, unknown>[];
      expect(list.map((each) => Object.fromEntries(keys.map((key) => [key, each[key]])))).toEqual(expected);
    },
  },
  {
    pattern: "the JSON on its stdout has a first element that says:",
    run: (world, rows: Rows) => expect((json(world) as unknown[])[0]).toMatchObject(jsonObject(rows)),
  },
  {
    pattern: "the JSON on its stdout agrees with the record",
    run: async (world) => {
      const record = await world.record();
      const document = await record.document();
      expect(json(world)).toEqual({
        ...document,
        state: "sealed",
        paused_timestamp: null,
        kept: null,
        next_retry: null,
        position: null,
        reason: null,
        record: record.path,
      });
    },
  },
];

function stdout(world: World): string {
  return world.command.stdout.toString();
}

function latin1(world: World): string {
  return world.command.stdout.toString("latin1");
}

function stderr(world: World): string {
  return world.command.stderr.toString();
}

async function expectAll(world: World, output: string, texts: readonly string[]): Promise<void> {
  for (const text of texts) expect(output).toContain(await world.fill(text));
}

function json(world: World): unknown {
  return JSON.parse(stdout(world));
}

/** An object from rows of a name and a JSON value. */
export function jsonObject(rows: Rows): Record<string, unknown> {
  return Object.fromEntries(rows.map(([name = "", value = ""]) => [name, JSON.parse(value) as unknown]));
}
