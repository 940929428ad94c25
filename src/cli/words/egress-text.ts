/** What a session reached, for people: the connections of its record as a table and in a line. */
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { systemCode } from "../../errors.ts";
import { hostText } from "../../gateway/log/egress-hosts.ts";
import type { EgressSummary, HostSummary } from "../../gateway/log/egress-summary.ts";
import type { Egress } from "../../session-document.ts";
import type { Colour } from "../terminal/colours.ts";
import { type Cell, renderTable, type TableSpace } from "../terminal/table.ts";
import { shortened } from "../terminal/text-width.ts";
import { countText, sizeText } from "./size-text.ts";

type Verdict = HostSummary["verdict"];

const COLUMNS = ["HOST", "PORT", "VERDICT", "RULE", "COUNT", "SENT", "RECEIVED", "FIRST SEEN"];

/** What an operator looks for comes first. */
const ORDER: readonly Verdict[] = ["denied", "failed", "allowed"];

const COLOURS: Readonly<Record<Verdict, Colour | undefined>> = {
  denied: "red",
  failed: "yellow",
  allowed: undefined,
};

/** Longest host on a terminal. */
const SHOWN_HOST = 60;

/** How many of the denied hosts are named in a line. */
const SHOWN_DENIED = 5;

/**
 * Sums up the connections of a record, also of a session that runs.
 *
 * @param record its directory.
 * @returns undefined where the record has no such file: the session had no allowlist.
 * @throws NotRegularFileError; Error of the file system.
 */
export async function readEgress(record: string): Promise<EgressSummary | undefined> {
  const [{ EGRESS_FILE }, { summariseEgress }, { ownAddresses }, { recordPaths }] = await Promise.all([
    import("../../gateway/log/egress-line.ts"),
    import("../../gateway/log/egress-summary.ts"),
    import("../../gateway/rules/own-addresses.ts"),
    import("../../audit/format/record-layout.ts"),
  ]);
  try {
    const path = join(recordPaths(record).agentd, EGRESS_FILE);
    return await summariseEgress(path, ownAddresses(networkInterfaces()));
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** In the order of the table: what was denied first, then by the number of connections. */
export function sortedHosts(hosts: readonly HostSummary[]): HostSummary[] {
  return [...hosts].sort(
    (a, b) => ORDER.indexOf(a.verdict) - ORDER.indexOf(b.verdict) || b.connections - a.connections,
  );
}

/** Connections as a table, a line for each host, port and verdict. */
export function egressTable(hosts: readonly HostSummary[], space: TableSpace): string {
  const isNarrow = space.columns !== undefined;
  const rows = hosts.map((summary): Cell[] => [
    hostCell(summary.host, isNarrow),
    summary.port === null ? "-" : String(summary.port),
    { text: summary.verdict, colour: COLOURS[summary.verdict] },
    summary.rule,
    String(summary.connections),
    sizeText(summary.bytes_sent),
    sizeText(summary.bytes_received),
    // To the second.
    summary.first_time.replace(/\.\d+Z$/, "Z"),
  ]);
  return renderTable(COLUMNS, rows, space);
}

function hostCell(host: string, isNarrow: boolean): string {
  if (host === "") return "-";
  return isNarrow ? shortened(host, SHOWN_HOST) : host;
}

/** The sums over all hosts, such as `3 hosts, 14 connections, 1.2 KiB sent, 5.1 MiB received`. */
export function egressSums(hosts: readonly HostSummary[]): string {
  const sum = (number: (host: HostSummary) => number): number =>
    hosts.reduce((total, host) => total + number(host), 0);
  return [
    countText(new Set(hosts.filter(({ host }) => host !== "").map(hostText)).size, "host"),
    countText(
      sum(({ connections }) => connections),
      "connection",
    ),
    `${sizeText(sum(({ bytes_sent: sent }) => sent))} sent`,
    `${sizeText(sum(({ bytes_received: received }) => received))} received`,
  ].join(", ");
}

/** The hosts of a session in a line, with the denied ones by name: `3 hosts, 1 denied: evil.example:443`. */
export function egressText({ allowed_count: allowed, denied, denied_count: deniedCount }: Egress): string {
  const hosts = countText(allowed + deniedCount, "host");
  if (deniedCount === 0) return hosts;
  const names = denied.slice(0, SHOWN_DENIED).map((name) => shortened(name, SHOWN_HOST));
  const rest = deniedCount - names.length;
  return `${hosts}, ${deniedCount} denied: ${names.join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
}
