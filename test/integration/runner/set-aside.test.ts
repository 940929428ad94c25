import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterEach, beforeEach, expect, it } from "vitest";
import { removeAllAside, setAside } from "../../../src/runner/set-aside.ts";

let node: string;
beforeEach(async () => {
  node = await mkdtemp(join(tmpdir(), "agentd-node-"));
});
afterEach(() => rm(node, { recursive: true }));

async function stateOf(session: string): Promise<string> {
  const state = join(node, "sessions", session);
  await mkdir(join(state, "records"), { recursive: true });
  await writeFile(join(state, "daemon.json"), "{}");
  return state;
}

it("takes the state of a session out of the next runner's way, which removes it", async () => {
  const over = await stateOf("1a22d481c840c8c0");
  const open = await stateOf("1a22d481c840c8c1");
  const aside = await setAside(over);
  expect(await readdir(join(node, "sessions"))).toEqual(["1a22d481c840c8c1"]);
  expect(await readdir(aside)).toEqual(["daemon.json", "records"]);
  await removeAllAside(open, pino({ level: "silent" }));
  expect(await readdir(join(node, "over"))).toEqual([]);
  expect(await readdir(open)).toEqual(["daemon.json", "records"]);
});

it("has nothing to remove on a new node, and tells what it cannot remove", async () => {
  const told: string[] = [];
  const log = pino({}, { write: (line) => void told.push(line) });
  const open = await stateOf("1a22d481c840c8c1");
  await removeAllAside(open, log);
  expect(told).toEqual([]);
  await writeFile(join(node, "over"), "");
  await removeAllAside(open, log);
  expect(told).toEqual([expect.stringContaining("cannot remove what earlier runners have left")]);
});
