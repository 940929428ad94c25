import { spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:fs";
import { lstat, mkdtemp, open, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Gate } from "../../../src/credentials/gate.ts";
import { processesWith } from "../../kit/processes.mjs";
import { until } from "../../kit/until.mjs";

let root: string;
let gate: Gate;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "agentd-gate-"));
  gate = await Gate.create(join(root, "gates/0123456789abcdef"));
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

const { signal } = new AbortController();
const onFirstByte = () => undefined;

/** Reads the FIFO to its end, as the launcher's shell does. */
async function readGate(): Promise<string> {
  const reader = spawn("cat", [gate.fifoPath]);
  const chunks: Buffer[] = [];
  reader.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  await once(reader, "close");
  return Buffer.concat(chunks).toString();
}

describe("a gate", () => {
  it("is a private FIFO in a private directory", async () => {
    const directory = await lstat(gate.directory);
    const fifo = await lstat(gate.fifoPath);
    expect([directory.isDirectory(), directory.mode & 0o777]).toEqual([true, 0o700]);
    expect([fifo.isFIFO(), fifo.mode & 0o777]).toEqual([true, 0o600]);
  });

  it("is not made where there is one already", async () => {
    await expect(Gate.create(gate.directory)).rejects.toMatchObject({ code: "state_unusable" });
  });

  it("says so when the payload is about to go, waits for the answer, and is gone afterwards", async () => {
    const events: string[] = [];
    const opening = gate.open(Buffer.from("payload"), {
      signal,
      onFirstByte: async () => {
        events.push("asked");
        await new Promise((resolve) => setTimeout(resolve, 50));
        events.push("answered");
      },
    });
    // Nobody reads yet.
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(events).toEqual([]);
    const read = readGate().then((text) => events.push(text));
    await opening;
    await read;
    expect(events).toEqual(["asked", "answered", "payload"]);
    expect(await readdir(gate.directory)).toEqual([]);
  });

  it("hands over more than a pipe takes at once", async () => {
    const payload = Buffer.from("0123456789abcdef".repeat(65_536));
    const [, read] = await Promise.all([gate.open(payload, { signal, onFirstByte }), readGate()]);
    expect(read.length).toBe(payload.length);
    expect(read).toBe(payload.toString());
  });

  it("stays closed when the answer is an error", async () => {
    const refused = new Error("the journal cannot be written");
    const reading = readGate();
    const opening = gate.open(Buffer.from("payload"), { signal, onFirstByte: () => Promise.reject(refused) });
    await expect(opening).rejects.toBe(refused);
    expect(await reading).toBe("");
  });

  it("fails when the launcher goes away before it has read everything", async () => {
    const reader = spawn("head", ["-c", "1", gate.fifoPath]);
    const opening = gate.open(Buffer.alloc(1_000_000, "x"), { signal, onFirstByte });
    await expect(opening).rejects.toMatchObject({ code: "launcher_failed" });
    if (reader.exitCode === null) await once(reader, "close");
  });

  it("stops waiting for a launcher, or for one that does not read on, when it is told to", async () => {
    const waiting = new AbortController();
    const opening = gate.open(Buffer.from("payload"), { signal: waiting.signal, onFirstByte });
    waiting.abort(new Error("stopped"));
    await expect(opening).rejects.toThrow("stopped");

    const writing = new AbortController();
    const reader = await open(gate.fifoPath, "r+");
    const stuck = gate.open(Buffer.alloc(1_000_000, "x"), {
      signal: writing.signal,
      onFirstByte: () => writing.abort(new Error("stopped too")),
    });
    await expect(stuck).rejects.toThrow("stopped too");
    await reader.close();
  });

  it("is renewed, so that nothing is read together with what a dead daemon has written", async () => {
    const fifo = await lstat(gate.fifoPath);
    // As a launcher that is in the middle: it has the old FIFO open, with a half payload in it.
    const reader = await open(gate.fifoPath, constants.O_RDONLY | constants.O_NONBLOCK);
    await writeFile(gate.fifoPath, "half of a pay");
    expect(await gate.renew()).toBe(true);
    expect((await lstat(gate.fifoPath)).ino).not.toBe(fifo.ino);
    const read = readGate();
    await gate.open(Buffer.from("payload"), { signal, onFirstByte });
    expect(await read).toBe("payload");
    expect((await reader.readFile()).toString()).toBe("half of a pay");
    await reader.close();
  });

  it("wakes a launcher that waits at a FIFO which was replaced meanwhile", async () => {
    const waiting = readGate();
    await until("a reader", async () => (await processesWith(gate.fifoPath)).length > 0);
    expect(await gate.renew()).toBe(true);
    const opening = gate.open(Buffer.from("payload"), { signal, onFirstByte });
    expect(await waiting).toBe("");
    const again = readGate();
    await opening;
    expect(await again).toBe("payload");
  });

  it("is not renewed once everything was handed over", async () => {
    await Promise.all([gate.open(Buffer.from("payload"), { signal, onFirstByte }), readGate()]);
    expect(await gate.renew()).toBe(false);
  });

  it("is removed, again, and where there never was one", async () => {
    await gate.remove();
    await gate.remove();
    await new Gate(join(root, "gates/fedcba9876543210")).remove();
    expect(await readdir(join(root, "gates"))).toEqual([]);
  });
});
