import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createLogger } from "../../../src/log.ts";
import { ServiceManager } from "../../../src/systemd/service-manager.ts";
import { until } from "../../kit/until.mjs";

/** Stands in for systemd-notify, whose other end only a service manager has: notes what it is told, and by whom. */
const NOTIFY = `#!/bin/sh
{ printf '%s|' "$@"; printf 'SOCKET=%s|SECRET=%s\\n' "$NOTIFY_SOCKET" "$SECRET"; } >>"$(dirname "$0")/told"
`;

let directory: string;
const before = { ...process.env };
let environment: Record<string, string>;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "agentd-systemd-"));
  await writeFile(join(directory, "systemd-notify"), NOTIFY);
  await chmod(join(directory, "systemd-notify"), 0o755);
  const path = `${directory}:${process.env["PATH"] ?? ""}`;
  environment = { PATH: path, NOTIFY_SOCKET: "@manager", SECRET: "not for children" };
});

afterEach(async () => {
  for (const name of ["PATH", "NOTIFY_SOCKET"]) restore(name);
  await rm(directory, { recursive: true });
});

function restore(name: string): void {
  const value = before[name];
  if (value === undefined) Reflect.deleteProperty(process.env, name);
  else process.env[name] = value;
}

/** The package goes by process.env, which a daemon has cleaned before. */
function manager(more: Record<string, string> = {}): ServiceManager {
  const { PATH = "", NOTIFY_SOCKET = "" } = { ...environment, ...more };
  Object.assign(process.env, { PATH, NOTIFY_SOCKET });
  const log = createLogger({ write: () => undefined }, "silent");
  return new ServiceManager({ environment: { ...environment, ...more }, pid: process.pid, log });
}

async function told(): Promise<string[]> {
  const text = await readFile(join(directory, "told"), "utf8").catch(() => "");
  return text.split("\n").filter((line) => line !== "");
}

describe("a service manager", () => {
  it("is told of readiness and of the end, with the status", async () => {
    await manager().ready("ready: no sessions");
    await manager().stopping("ending");
    expect(await told()).toEqual(
      [
        `--ready|--pid=${process.pid}|--status=ready: no sessions|SOCKET=@manager|SECRET=|`,
        "--status=ending|STOPPING=1|SOCKET=@manager|SECRET=|",
      ].map((line) => line.replace(/\|$/, "")),
    );
  });

  it("is told of what runs when that changes, and not before", async () => {
    const one = manager();
    let status = "ready: no sessions";
    await one.ready(status);
    let asked = 0;
    const end = one.follow(() => (asked++, status));
    await until("two looks", () => asked >= 2);
    expect(await told()).toHaveLength(1);
    status = "ready: 1 running";
    await until("a message", async () => (await told()).length === 2);
    expect((await told())[1]).toMatch(/^--pid=\d+\|--status=ready: 1 running\|SOCKET/);
    await end();
  });

  it("is told again and again that the event loop turns, where it watches", async () => {
    const one = manager({ WATCHDOG_USEC: "300000", WATCHDOG_PID: String(process.pid) });
    const end = one.follow(() => "ready: no sessions");
    await until("three signs of life", async () => {
      return (await told()).filter((line) => line.includes("|WATCHDOG=1|")).length >= 3;
    });
    await end();
  });

  it("is told nothing where there is none", async () => {
    const one = manager({ NOTIFY_SOCKET: "", WATCHDOG_USEC: "30000" });
    await one.ready("ready: no sessions");
    await one.follow(() => "ready: no sessions")();
    expect(await told()).toEqual([]);
  });

  it("costs the daemon nothing when it cannot be told", async () => {
    await expect(manager({ PATH: "/nonexistent" }).ready("ready: no sessions")).resolves.toBeUndefined();
  });
});
