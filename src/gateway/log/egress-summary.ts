/** Reads `egress.jsonl` and sums it up by host, for `agentd egress` and the record. */
import { openRegularFile } from "../../regular-file.ts";
import { LineSplitter } from "../../rpc/framing.ts";
import { addressFault } from "../rules/addresses.ts";
import type { AllowEntry } from "../rules/allow-entry.ts";
import { canonicalHost } from "../rules/host-names.ts";
import { type EgressLine, egressLine, type Verdict } from "./egress-line.ts";

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
  /** Whether a connection went to an address that only an exception opens; false where no address is known. */
  readonly is_private: boolean;
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
  readonly #own: ReadonlySet<string>;
  #unreadable = 0;

  /** @param own the host's own addresses. */
  constructor(own: ReadonlySet<string>) {
    this.#own = own;
  }

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
    const address = "address" in line ? line.address : null;
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
      is_private: false,
    };
    const before = this.#hosts.get(key) ?? empty;
    this.#hosts.set(key, {
      ...before,
      connections: before.connections + ("connections" in line ? line.connections : 1),
      bytes_sent: before.bytes_sent + line.bytes_sent,
      bytes_received: before.bytes_received + line.bytes_received,
      // Lines are written when connections end, not when they begin.
      first_time: compare(time, before.first_time) < 0 ? time : before.first_time,
      is_private: before.is_private || (address !== null && addressFault(address, this.#own) !== undefined),
    });
  }
}

/**
 * Sums up a file. A running session's is fine: it ends with a whole line or is cut short.
 *
 * @param own the host's own addresses, as `ownAddresses` gives them. Default: none.
 * @throws NotRegularFileError; Error of the file system: `ENOENT` where a session had no gateway.
 */
export async function summariseEgress(
  path: string,
  own: ReadonlySet<string> = new Set(),
): Promise<EgressSummary> {
  const tally = new EgressTally(own);
  const splitter = new LineSplitter(LONGEST_LINE);
  const file = await openRegularFile(path);
  for await (const chunk of file.createReadStream()) {
    for (const frame of splitter.push(chunk as Buffer)) {
      if (frame.kind !== "line") tally.addUnreadable();
      else if (frame.text !== "") tally.add(frame.text);
    }
  }
  if (splitter.isInLine) tally.addUnreadable();
  return tally.summary;
}

/** The entries of `allow` with which a session like this one succeeds: every host that it reached, sorted. */
export function suggestedEntries({ hosts }: EgressSummary): AllowEntry[] {
  const entries = new Map<string, AllowEntry>();
  for (const summary of hosts) {
    const place = summary.verdict === "allowed" ? placeOf(summary) : undefined;
    if (place === undefined) continue;
    const { text, isName } = place;
    // Of a host that was counted without its address, only another line says that it is private.
    if (isName && summary.is_private) entries.set(text, { host: text, private: true });
    else if (!entries.has(text)) entries.set(text, text);
  }
  return [...entries].sort(([a], [b]) => compare(a, b)).map(([, entry]) => entry);
}

/** Longest `allow` in one line; a longer one has a line for each entry. */
const LONGEST_ALLOW = 100;

/** The lines of a profile, as TOML, with which a session like this one succeeds. Without a newline at the end. */
export function suggestedAllow(summary: EgressSummary): string {
  const entries = suggestedEntries(summary).map((entry) =>
    typeof entry === "string" ? `"${entry}"` : `{ host = "${entry.host}", private = true }`,
  );
  const line = `allow = [${entries.join(", ")}]`;
  if (line.length <= LONGEST_ALLOW) return line;
  return ["allow = [", ...entries.map((entry) => `  ${entry},`), "]"].join("\n");
}

/** An entry's text for a host; undefined where there is none: a counter of many hosts, or a line that was tampered with. */
function placeOf({ host, port }: HostSummary): { text: string; isName: boolean } | undefined {
  const written = host.includes(":") ? `[${host}]` : host;
  const found = port === null ? undefined : canonicalHost(written);
  if (port === null || found?.host !== host) return undefined;
  return { text: `${written}:${port}`, isName: found.kind === "name" };
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
