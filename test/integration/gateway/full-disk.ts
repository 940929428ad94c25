/** What the log of connections does on a full disk: `node full-disk.cjs DIRECTORY`, a small file system. */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { ConnectionLine } from "../../../src/gateway/log/egress-line.ts";
import { EgressLog } from "../../../src/gateway/log/egress-log.ts";
import { summariseEgress } from "../../../src/gateway/log/egress-summary.ts";

const directory = process.argv[2] ?? "";
const ballast = join(directory, "ballast");
const connection: ConnectionLine = {
  time: "2026-01-02T03:04:05.000Z",
  host: "github.com",
  port: 443,
  verdict: "allowed",
  rule: "github.com",
  reason: null,
  address: "140.82.121.3",
  bytes_sent: 1,
  bytes_received: 1,
  duration_ms: 1,
};

/** Takes every free page. */
function fill(): void {
  try {
    for (let part = 0; ; part += 1) writeFileSync(`${ballast}-${part}`, Buffer.alloc(4096));
  } catch {
    // Full, as wanted.
  }
}

async function log(name: string, freeBeforeEnd: boolean): Promise<unknown> {
  const path = join(directory, name);
  const file = await EgressLog.open({ path, now: Date.now });
  fill();
  // More than is left of any page.
  for (let at = 0; at < 100; at += 1) file.add(connection);
  await delay(0);
  while (file.isWriting) await delay(1);
  if (freeBeforeEnd) rmSync(`${ballast}-0`);
  const end = await file.close();
  const { hosts } = await summariseEgress(path);
  return { ...end, connections: hosts[0]?.connections ?? 0 };
}

async function main(): Promise<void> {
  const lost = await log("lost.jsonl", false);
  const counted = await log("counted.jsonl", true);
  process.stdout.write(JSON.stringify({ lost, counted }));
}

void main();
