import { appendFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ConnectionLine, egressLine } from "../../../src/gateway/log/egress-line.ts";
import { EgressLog } from "../../../src/gateway/log/egress-log.ts";
import { suggestedAllow, summariseEgress } from "../../../src/gateway/log/egress-summary.ts";
import { bundle } from "../../kit/record-fixture.ts";
import { inSmallFileSystem } from "../../kit/small-file-system.ts";

const now = (): number => Date.UTC(2026, 0, 2, 3, 4, 5);

function connection(fields: Partial<ConnectionLine> = {}): ConnectionLine {
  return {
    time: "2026-01-02T03:04:05.000Z",
    host: "github.com",
    port: 443,
    verdict: "allowed",
    rule: "github.com",
    reason: null,
    address: "140.82.121.3",
    bytes_sent: 10,
    bytes_received: 200,
    duration_ms: 30,
    ...fields,
  };
}

let directory: string;
let path: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "agentd-egress-"));
  path = join(directory, "egress.jsonl");
});
afterEach(async () => rm(directory, { recursive: true }));

async function lines(): Promise<unknown[]> {
  const text = await readFile(path, "utf8");
  expect(text === "" || text.endsWith("\n")).toBe(true);
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => egressLine.parse(JSON.parse(line)));
}

describe("egress.jsonl", () => {
  it("has a line for each connection", async () => {
    const log = await EgressLog.open({ path, now });
    const denied = connection({ verdict: "denied", rule: "allow", reason: "no entry", address: null });
    log.add(connection());
    log.add(denied);
    expect(await log.close()).toEqual({ counted: 0, lost: 0 });
    expect(await lines()).toEqual([connection(), denied]);
  });

  it("has nothing of a session that made no connection", async () => {
    await (await EgressLog.open({ path, now })).close();
    expect(await lines()).toEqual([]);
    const summary = await summariseEgress(path);
    expect(summary).toEqual({ hosts: [], unreadable: 0 });
    expect(suggestedAllow(summary)).toBe("allow = []");
  });

  it("takes a number of lines, and then counts by host and verdict", async () => {
    const log = await EgressLog.open({ path, now, maxLines: 3, maxCounters: 2 });
    for (let at = 0; at < 10; at += 1) log.add(connection());
    for (const host of ["b.example", "c.example", "d.example", "d.example"]) {
      log.add(connection({ host, verdict: "denied", rule: "allow" }));
    }
    expect(await log.close()).toEqual({ counted: 11, lost: 0 });
    const counter = { time: "2026-01-02T03:04:05.000Z", bytes_sent: 10, bytes_received: 200, connections: 1 };
    expect((await lines()).slice(3)).toEqual([
      {
        ...counter,
        host: "github.com",
        port: 443,
        verdict: "allowed",
        rule: "github.com",
        connections: 7,
        bytes_sent: 70,
        bytes_received: 1400,
      },
      { ...counter, host: "b.example", port: 443, verdict: "denied", rule: "allow" },
      {
        ...counter,
        host: "(other hosts)",
        port: null,
        verdict: "denied",
        rule: "",
        connections: 3,
        bytes_sent: 30,
        bytes_received: 600,
      },
    ]);
    const { hosts } = await summariseEgress(path);
    expect(hosts[0]).toMatchObject({ host: "github.com", connections: 10, bytes_received: 2000 });
  });

  it("stays bounded in memory when lines come faster than the disk takes them", async () => {
    const log = await EgressLog.open({ path, now });
    for (let at = 0; at < 5_000; at += 1) log.add(connection());
    expect(await log.close()).toEqual({ counted: 4_000, lost: 0 });
    expect((await summariseEgress(path)).hosts).toEqual([expect.objectContaining({ connections: 5_000 })]);
  });

  it("is continued by the next gateway, within the same bound", async () => {
    for (let life = 0; life < 3; life += 1) {
      const log = await EgressLog.open({ path, now, maxLines: 5 });
      log.add(connection());
      log.add(connection());
      await log.close();
    }
    expect(await lines()).toHaveLength(6);
    expect((await summariseEgress(path)).hosts).toEqual([expect.objectContaining({ connections: 6 })]);
  });

  it("goes on in a new line where a killed gateway left half of one", async () => {
    await writeFile(path, `${JSON.stringify(connection())}\n{"time":"2026`);
    const log = await EgressLog.open({ path, now });
    log.add(connection());
    await log.close();
    expect(await summariseEgress(path)).toEqual({
      hosts: [expect.objectContaining({ connections: 2 })],
      unreadable: 1,
    });
  });

  it("cannot be written to by a host's name", async () => {
    const host = `evil.example\n${JSON.stringify(connection({ host: "forged.example" }))}\n\u001b[31m\u2028${"x".repeat(5_000)}`;
    const log = await EgressLog.open({ path, now });
    log.add(connection({ host, reason: `\u001b]0;title\u0007${"y".repeat(5_000)}` }));
    await log.close();
    const [line, ...others] = (await lines()) as ConnectionLine[];
    expect(others).toEqual([]);
    expect(line?.host).toMatch(/^evil\.example\?\{[\x20-\x7e]*$/);
    expect(line?.host).toHaveLength(300);
    expect(line?.reason).toMatch(/^\?\]0;title\?y+$/);
    expect(await readFile(path, "utf8")).toMatch(/^[\x20-\x7e]*\n$/);
  });

  it("follows no link and waits for no reader", async () => {
    await symlink(join(directory, "elsewhere"), path);
    await expect(EgressLog.open({ path, now })).rejects.toThrow("ELOOP");
    await rm(path);
    await mkdir(path);
    await expect(EgressLog.open({ path, now })).rejects.toThrow("EISDIR");
  });

  it("costs nothing when the disk is full: what cannot be written is counted, or at least told", async () => {
    const script = await bundle(new URL("full-disk.ts", import.meta.url));
    expect(await inSmallFileSystem(script, directory, "64k")).toEqual({
      lost: { counted: 0, lost: 100, connections: expect.any(Number) },
      counted: { counted: 100, lost: 0, connections: expect.any(Number) },
    });
  });

  it("names the hosts that a session reached as the allowlist that it needs", async () => {
    const log = await EgressLog.open({ path, now });
    log.add(connection({ host: "z.example", rule: "*" }));
    log.add(connection({ host: "z.example", rule: "*" }));
    log.add(connection({ host: "a.example", port: 8080 }));
    log.add(connection({ host: "2001:db8::1", port: 443 }));
    log.add(connection({ host: "denied.example", verdict: "denied", rule: "allow" }));
    log.add(connection({ host: "gone.example", verdict: "failed", rule: "resolve" }));
    log.add(connection({ host: "", port: null, verdict: "denied", rule: "request" }));
    await log.close();
    expect(suggestedAllow(await summariseEgress(path))).toBe(
      'allow = ["[2001:db8::1]:443", "a.example:8080", "z.example:443"]',
    );
  });

  it("names private addresses as exceptions, the host's own among them, and nothing that no entry can be", async () => {
    const log = await EgressLog.open({ path, now });
    log.add(connection({ host: "db.corp.example", port: 5432, address: "10.0.0.5" }));
    log.add(connection({ host: "own.example", address: "203.0.113.7" }));
    log.add(connection({ host: "10.0.0.6", port: 8080, address: "10.0.0.6" }));
    for (const host of ["*", "*.example.org", 'x", "*', "UPPER.example", "0x7f.1", "(other hosts)"]) {
      log.add(connection({ host }));
    }
    await log.close();
    const own = new Set(["203.0.113.7"]);
    expect(suggestedAllow(await summariseEgress(path, own)).split("\n")).toEqual([
      "allow = [",
      '  "10.0.0.6:8080",',
      '  { host = "db.corp.example:5432", private = true },',
      '  { host = "own.example:443", private = true },',
      "]",
    ]);
  });

  it("is summed up in the order of the connections' beginnings", async () => {
    const log = await EgressLog.open({ path, now });
    log.add(connection({ host: "second.example", time: "2026-01-02T03:04:06.000Z" }));
    log.add(connection({ host: "first.example", time: "2026-01-02T03:04:05.500Z" }));
    log.add(connection({ host: "second.example", time: "2026-01-02T03:04:05.700Z" }));
    await log.close();
    await appendFile(path, "[]\n\n");
    const { hosts, unreadable } = await summariseEgress(path);
    expect(hosts.map(({ host, first_time: first }) => [host, first])).toEqual([
      ["first.example", "2026-01-02T03:04:05.500Z"],
      ["second.example", "2026-01-02T03:04:05.700Z"],
    ]);
    expect(unreadable).toBe(1);
  });
});
