import { describe, expect, it } from "vitest";
import type { World } from "../kit/world.ts";
import { inAWorld } from "./in-a-world.ts";

/** What the session that was run last has printed, as `agentd logs` reads it from the record. */
async function logs(world: World): Promise<{ readonly stdout: Buffer; readonly stderr: Buffer }> {
  const command = await world.start("agentd logs SESSION");
  expect(await command.end()).toBe(0);
  return command;
}

/** Not toEqual: that takes minutes to tell how two floods differ. */
function expectSameBytes(actual: Buffer, expected: Buffer): void {
  expect(actual.length).toBe(expected.length);
  expect(actual.equals(expected)).toBe(true);
}

describe("the agent's output", () => {
  it(
    "arrives complete and byte for byte when it is a flood of 20 MB",
    inAWorld(async (world) => {
      await world.commitAgent("seq 1 2700000 | tr '\\n' ' ' | fold -w 1000");
      const numbers = Buffer.from(Array.from({ length: 2_700_000 }, (_, index) => `${index + 1} `).join(""));
      const lines: Buffer[] = [];
      for (let start = 0; start < numbers.length; start += 1000)
        lines.push(numbers.subarray(start, start + 1000));
      const flood = Buffer.from(lines.map((line) => line.toString()).join("\n"));
      expect(flood.length).toBeGreaterThan(20_000_000);

      const run = await world.start("agentd run site-builder");
      expect(await run.end()).toBe(0);
      expectSameBytes(run.stdout, flood);
      expectSameBytes((await logs(world)).stdout, flood);
    }),
  );

  it(
    "arrives byte for byte when it is every byte there is, in lines longer than any buffer",
    inAWorld(async (world) => {
      const allBytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
      const content = Buffer.concat(Array.from({ length: 1000 }, () => allBytes));
      await world.commit({ bytes: { content } });
      await world.commitAgent("cat bytes; tr -d '\\n' < bytes");
      const expected = Buffer.concat([content, Buffer.from(content.filter((byte) => byte !== 0x0a))]);

      const run = await world.start("agentd run site-builder");
      expect(await run.end()).toBe(0);
      expectSameBytes(run.stdout, expected);
      expectSameBytes((await logs(world)).stdout, expected);
    }),
  );

  it(
    "stays in order within each stream when both are written in turns",
    inAWorld(async (world) => {
      await world.commitAgent('for i in $(seq 1 2000); do echo $i; printf "$i," >&2; done');
      const numbers = Array.from({ length: 2000 }, (_, index) => index + 1);

      const run = await world.start("agentd run site-builder");
      expect(await run.end()).toBe(0);
      expect(run.stdout.toString()).toBe(numbers.map((number) => `${number}\n`).join(""));
      const { stdout, stderr } = await logs(world);
      expect(stdout.toString()).toBe(run.stdout.toString());
      expect(stderr.toString()).toBe(numbers.map((number) => `${number},`).join(""));
      expect(run.stderr.toString()).toContain(stderr.toString());
    }),
  );

  it(
    "is in the record to the end when its reader goes away",
    inAWorld(async (world) => {
      await world.commitAgent("seq 1 100000");
      const run = await world.start("agentd run site-builder | head -n 1");
      await run.end();
      expect(run.stdout.toString()).toBe("1\n");
      const wait = await world.start("agentd wait SESSION");
      expect(await wait.end()).toBe(0);
      expect((await logs(world)).stdout.toString()).toMatch(/^1\n2\n[^]*\n100000\n$/);
    }),
  );
});
