import { lstatSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import type { RecordPlace } from "../../audit/read/query.ts";
import { AgentdError } from "../../errors.ts";
import { hostText } from "../../gateway/log/egress-hosts.ts";
import type { EgressSummary, HostSummary } from "../../gateway/log/egress-summary.ts";
import { type CommandDefinition, example, FAULTS } from "../frame/command.ts";
import { type LocalContext, say } from "../frame/context.ts";
import { recordOf } from "../frame/record-argument.ts";
import { type LatestOption, namedSession, takingSession } from "../frame/session-argument.ts";
import { coloured, colourOf } from "../terminal/colours.ts";
import { printable } from "../terminal/printable.ts";
import { egressSums, egressTable, readEgress, sortedHosts } from "../words/egress-text.ts";
import { standingText } from "../words/session-text.ts";
import { countText } from "../words/size-text.ts";

interface EgressOptions extends LatestOption {
  readonly denied?: true;
  readonly suggest?: true;
  readonly json?: true;
}

/** The connections of a record. */
interface Found {
  readonly place: RecordPlace;
  readonly summary: EgressSummary;
  /** Whether the operator chose the session. */
  readonly isNamed: boolean;
}

/** How many of the denied hosts `--suggest` names. */
const SHOWN_DENIED = 10;

/** `agentd egress`: the hosts that a session connected to. */
export const egress: CommandDefinition<LocalContext> = {
  name: "egress",
  faults: FAULTS,
  define: (command, start) =>
    takingSession(command)
      .summary("show which hosts a session connected to")
      .description(
        'Shows the hosts that a session with network = "allowlist" connected to, or tried to, also while it runs: what ' +
          "was denied first, then by the number of connections. RULE is the entry of `allow` that opened a host, or the " +
          "check that refused it. Without a session, shows the newest one that has an allowlist.\n\n" +
          "Works without a daemon.",
      )
      .option("--denied", "show only what was denied")
      .option("--suggest", "print the `allow` that the session needs, as a line of its profile")
      .option("--json", "print a JSON object")
      .addHelpText(
        "after",
        example("agentd egress", "agentd egress --denied e81234", "agentd egress --suggest site-builder"),
      )
      .action((session: string | undefined, options: EgressOptions, self: Command) => {
        if (options.suggest === true && (options.denied === true || options.json === true))
          self.error("error: --suggest goes with neither --denied nor --json, which has suggested_allow");
        const isNamed = session !== undefined || options.latest === true;
        const named = isNamed ? namedSession(session, options, self) : undefined;
        start(async (context) => {
          const place = isNamed ? await recordOf(named, context) : await newestWithEgress(context);
          await showEgress({ ...(await read(place)), isNamed }, options, context);
          return 0;
        });
      }),
};

async function showEgress(found: Found, options: EgressOptions, context: LocalContext): Promise<void> {
  const { unreadable } = found.summary;
  if (options.json === true) await printJson(found, options, context);
  else if (options.suggest === true) await suggest(found, context);
  else await printTable(found, options, context);
  if (unreadable === 0 || options.json === true) return;
  const isLeftOut = unreadable === 1 ? "is left out" : "are left out";
  await say(context, `${countText(unreadable, "line")} of its egress.jsonl cannot be read and ${isLeftOut}`);
}

async function printJson(
  { place, summary }: Found,
  options: EgressOptions,
  { stdout }: LocalContext,
): Promise<void> {
  const { suggestedEntries } = await import("../../gateway/log/egress-summary.ts");
  await stdout.json({
    session_id: place.id,
    profile: place.profile,
    hosts: chosen(summary.hosts, options),
    unreadable_lines: summary.unreadable,
    suggested_allow: suggestedEntries(summary),
  });
}

async function printTable(
  { place, summary }: Found,
  options: EgressOptions,
  context: LocalContext,
): Promise<void> {
  const { stdout } = context;
  const hosts = chosen(summary.hosts, options);
  if (hosts.length === 0) {
    const nothing = options.denied === true ? "was denied nothing" : "has made no connection";
    await say(context, `session ${place.id} ${nothing}`);
    return;
  }
  const { readView } = await import("../../audit/read/record-view.ts");
  const view = await readView(place.directory, "");
  const standing = standingText(view);
  const shown = stdout.hasColours ? coloured(standing, colourOf(view)) : standing;
  const title = `session ${place.id}  ${printable(place.profile)}  ${shown}  ${egressSums(hosts)}`;
  await stdout.line(`${title}\n\n${egressTable(hosts, stdout)}`);
}

/** The lines of the profile alone on standard output; what they leave out beside them. */
async function suggest({ place, summary, isNamed }: Found, context: LocalContext): Promise<void> {
  const { suggestedAllow } = await import("../../gateway/log/egress-summary.ts");
  if (!isNamed) await say(context, `what session ${place.id} of ${printable(place.profile)} needs:`);
  await context.stdout.line(suggestedAllow(summary));
  const notReached = summary.hosts.filter(({ verdict, host }) => verdict === "denied" && host !== "");
  if (notReached.length === 0) return;
  const names = notReached
    .slice(0, SHOWN_DENIED)
    .map((host) => `${printable(hostText(host))} (${printable(host.rule)})`);
  const rest = notReached.length - names.length;
  const more = rest > 0 ? ` and ${rest} more: see \`agentd egress --denied ${place.id}\`` : "";
  await say(context, `left out, because the session was denied them: ${names.join(", ")}${more}`);
}

function chosen(hosts: readonly HostSummary[], { denied }: EgressOptions): HostSummary[] {
  return sortedHosts(hosts).filter(({ verdict }) => denied !== true || verdict === "denied");
}

async function read(place: RecordPlace): Promise<Omit<Found, "isNamed">> {
  const tried = `show the connections of session ${place.id}`;
  const summary = await readEgress(place.directory).catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause);
    const next = `Check the record with \`agentd audit verify ${place.id}\`.`;
    throw new AgentdError("record_unusable", { tried, why, next, cause });
  });
  if (summary !== undefined) return { place, summary };
  const { readDocument } = await import("../../audit/read/query.ts");
  const { outcome, start_timestamp: started } = await readDocument(place.directory);
  const hasNotStarted = outcome === null && started === null;
  throw new AgentdError("egress_missing", {
    tried,
    why: hasNotStarted
      ? "it has not started yet"
      : "it had no allowlist, so its connections were not recorded",
    next: hasNotStarted ? `Wait for it with \`agentd wait ${place.id}\`.` : howToGetOne(place.profile),
  });
}

/** The newest session that has connections on record, running or not. */
async function newestWithEgress({ auditRoot }: LocalContext): Promise<RecordPlace> {
  const [{ EGRESS_FILE }, { selectRecords }, { recordPaths }] = await Promise.all([
    import("../../gateway/log/egress-line.ts"),
    import("../../audit/read/select-records.ts"),
    import("../../audit/format/record-layout.ts"),
  ]);
  const root = await auditRoot();
  const { newestFirst } = await selectRecords(root);
  for (const place of newestFirst()) {
    const path = join(recordPaths(place.directory).agentd, EGRESS_FILE);
    if (isThere(path)) return place;
  }
  throw new AgentdError("egress_missing", {
    tried: "find a session whose connections were recorded",
    why: `no record in ${root} has any`,
    next: howToGetOne(undefined),
  });
}

function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false; // A directory above it is closed, or no directory.
  }
}

function howToGetOne(profile: string | undefined): string {
  const where = profile === undefined ? "a profile" : `the profile ${printable(profile)}`;
  return (
    `Set network = "allowlist" and allow = ["*"] in ${where} and run it: the session then reaches every host by ` +
    "name, and each connection is recorded."
  );
}
