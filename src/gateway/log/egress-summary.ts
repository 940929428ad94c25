/** Reads `egress.jsonl` and sums it up by host, for `agentd egress` and the record. */
import { createReadStream } from "node:fs";
import { LineSplitter } from "../../rpc/framing.ts";
import { type EgressLine, egressLine, OTHER_HOSTS, type Verdict } from "./egress-line.ts";

/** All connections to one host and port with the same verdict. */
export interface HostSummary {
  readonly host: string;
  readonly port: number | null;
  readonly verdict: Verdict;
  /** The entry of `allow`, or the check that failed; of the first connection. */
  readonly rule: string;
  readonly connections: number;
  readonly bytes_sent: number;
  readonly bytes_received: number;
  /** When the first connection began; of hosts that were only counted, when the session ended. */
  readonly first_time: string;
}

export interface EgressSummary {
  /** In the order in which they were first seen. */
  readonly hosts: readonly HostSummary[];
  /** Lines that are none: a write was cut short. */
  readonly unreadable: number;
}

/** A line that is longer is none of ours. */
const LONGEST_LINE = 4096;

/** Sums up lines as they come. */
export class EgressTally {
  readonly #hosts = new Map<string, HostSummary>();
  #unreadable = 0;

  /** Takes the next line, without its newline. */
  add(text: string): void {
    const line = parse(text);
    if (line === undefined) this.#unreadable += 1;
    else this.#take(line);
  }

  /** Takes a line that cannot be read. */
  addUnreadable(): void {
    this.#unreadable += 1;
  }

  get summary(): EgressSummary {
    const hosts = [...this.#hosts.values()].sort((a, b) => compare(a.first_time, b.first_time));
    return { hosts, unreadable: this.#unreadable };
  }

  #take(line: EgressLine): void {
    const { host, port, verdict, rule, time } = line;
    const key = JSON.stringify([host, port, verdict]);
    const empty = {
      host,
      port,
      verdict,
      rule,
      connections: 0,
      bytes_sent: 0,
      bytes_received: 0,
      first_time: time,
    };
    const before = this.#hosts.get(key) ?? empty;
    this.#hosts.set(key, {
      ...before,
      connections: before.connections + ("connections" in line ? line.connections : 1),
      bytes_sent: before.bytes_sent + line.bytes_sent,
      bytes_received: before.bytes_received + line.bytes_received,
      // Lines are written when connections end, not when they begin.
      first_time: compare(time, before.first_time) < 0 ? time : before.first_time,
    });
  }
}

/**
 * Sums up a file. A running session's is fine: it ends with a whole line or is cut short.
 *
 * @throws Error of the file system: `ENOENT` where a session had no gateway.
 */
export async function summariseEgress(path: string): Promise<EgressSummary> {
  const tally = new EgressTally();
  const splitter = new LineSplitter(LONGEST_LINE);
  for await (const chunk of createReadStream(path)) {
    for (const frame of splitter.push(chunk as Buffer)) {
      if (frame.kind !== "line") tally.addUnreadable();
      else if (frame.text !== "") tally.add(frame.text);
    }
  }
  if (splitter.isInLine) tally.addUnreadable();
  return tally.summary;
}

/** The line of a profile with which a session like this one succeeds: every host that it reached. */
export function suggestedAllow({ hosts }: EgressSummary): string {
  const reached = hosts.filter(
    ({ host, port, verdict }) => verdict === "allowed" && host !== OTHER_HOSTS && port !== null,
  );
  const entries = reached.map(({ host, port }) => `"${host.includes(":") ? `[${host}]` : host}:${port}"`);
  return `allow = [${[...new Set(entries)].sort().join(", ")}]`;
}

function parse(text: string): EgressLine | undefined {
  try {
    return egressLine.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined; // Not JSON: the caller counts it.
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
