import { MAX_LIST_LENGTH } from "../../api/limits.ts";
import { AgentdError } from "../../errors.ts";
import { isFailure } from "../../outcome.ts";
import type { Caller } from "../../rpc/client.ts";
import { listed } from "../../session-document.ts";
import { shortId } from "../../short-id.ts";
import { countOption } from "../frame/arguments.ts";
import { askList } from "../frame/ask-list.ts";
import { type CommandDefinition, example, FAULTS } from "../frame/command.ts";
import { type LocalContext, say, withClient } from "../frame/context.ts";
import { errorText } from "../frame/error-text.ts";
import {
  cutText,
  filterOf,
  type FilterOptions,
  type SessionFilter,
  takingFilters,
} from "../frame/session-filters.ts";
import { colourOf } from "../terminal/colours.ts";
import { printable } from "../terminal/printable.ts";
import { type Cell, renderTable } from "../terminal/table.ts";
import { type ListedRecord, readAuditedView, withLeftFiles } from "../words/audited-record.ts";
import { durationText, standingText } from "../words/session-text.ts";
import { sizeText } from "../words/size-text.ts";
import { ageText } from "../words/time-text.ts";
import { shortTriggerText } from "../words/trigger-text.ts";

interface LsOptions extends FilterOptions {
  readonly limit?: string;
  readonly exceptions?: true;
  readonly json?: true;
}

const DEFAULT_LIMIT = "20";
const MAX_LIMIT = 100_000;

const SHOWN_COMMIT_DIGITS = 10;

const HEADERS = [
  "SESSION",
  "PROFILE",
  "OUTCOME",
  "TRIGGER",
  "WORK UNIT",
  "AGE",
  "TOOK",
  "COMMIT",
  "FILES",
  "SIZE",
  "IMAGE",
];

/** `agentd audit ls`: the records, the newest first. */
export const auditLs: CommandDefinition<LocalContext> = {
  name: "audit ls",
  faults: FAULTS,
  define: (command, start) =>
    takingFilters(command)
      .summary("list session records")
      .description(
        "Lists session records, newest first, with trigger, commit, image, duration, outcome " +
          "and the files left in runa/.\nReads the records themselves, so it works without a daemon.",
      )
      .argument("[profile]", "show only this profile's records, like --profile")
      .option("--exceptions", "show only sessions that ran without a rule of hardening, and which")
      .option("--limit <count>", `show at most this many (default: ${DEFAULT_LIMIT})`)
      .option("--json", "print a JSON array")
      .addHelpText(
        "after",
        example("agentd audit ls --failed", "agentd audit ls site-builder --since 1w --limit 100 --json"),
      )
      .action((profile: string | undefined, options: LsOptions) => {
        start((context) => listAudited({ ...options, profile: profile ?? options.profile }, context));
      }),
};

/** The records that were read. */
interface Found {
  readonly records: ListedRecord[];
  readonly errors: AgentdError[];
  /** How many there are, shown or not; null if they were not counted. */
  readonly total: number | null;
}

async function listAudited(options: LsOptions, context: LocalContext): Promise<number> {
  const { stdout, stderr, now } = context;
  const limit = countOption("--limit", options.limit ?? DEFAULT_LIMIT, { max: MAX_LIMIT });
  const filter = filterOf(options, now());
  const wanted = { ...filter, limit, weakened: options.exceptions === true };
  const isElsewhere = context.mirrors !== undefined;
  const auditRoot = isElsewhere ? "that host" : await context.auditRoot();
  const { records, errors, total } = isElsewhere
    ? await withClient(context, (client) => findElsewhere(client, wanted))
    : await find(auditRoot, wanted);
  if (options.json === true) await stdout.json(records);
  else if (records.length + errors.length === 0 && stdout.isTerminal)
    await stdout.line(
      `${hasAny(filter) || options.exceptions === true ? "No records match" : "There are no records"} in ${printable(auditRoot)}.`,
    );
  else
    await stdout.line(
      renderTable(
        options.exceptions === true ? [...HEADERS, "EXCEPTIONS"] : HEADERS,
        records.map((record) => [
          ...row(record, now()),
          ...(options.exceptions === true ? [exceptionsText(record)] : []),
        ]),
        stdout,
        { givesWay: "IMAGE" },
      ),
    );
  for (const error of errors) await stderr.line(errorText(error));
  const cut = cutText(records.length + errors.length, total);
  if (cut !== undefined) await say(context, cut);
  return errors.length === 0 ? 0 : 1;
}

interface WantedRecords extends SessionFilter {
  readonly weakened: boolean;
  readonly limit: number;
}

/** By the daemon of another host, which does not count what sessions have left. */
async function findElsewhere(
  client: Caller,
  { failed, weakened, limit, profile, sinceMs, untilMs }: WantedRecords,
): Promise<Found> {
  const since = sinceMs === undefined ? {} : { since_timestamp: new Date(sinceMs).toISOString() };
  const until = untilMs === undefined ? {} : { until_timestamp: new Date(untilMs).toISOString() };
  const list = await askList(
    client,
    { all: true, limit, failed, ...(profile === undefined ? {} : { profile }), ...since, ...until },
    // Of any number of records the daemon is asked in pages.
    weakened || limit > MAX_LIST_LENGTH ? ({ exceptions }) => !weakened || exceptions.length > 0 : undefined,
  );
  return {
    records: list.sessions.map((session) => ({ ...session, runa_files: null, runa_bytes: null })),
    errors: list.unreadable.map(({ record, why }) => unreadable(record, why)),
    total: list.total,
  };
}

function unreadable(record: string, why: string): AgentdError {
  return new AgentdError("record_unusable", { tried: `read ${record}`, why });
}

async function find(
  auditRoot: string,
  { failed, weakened, limit, ...filter }: WantedRecords,
): Promise<Found> {
  const [{ selectRecords }, { LISTED_DOCUMENT_BYTES }] = await Promise.all([
    import("../../audit/read/select-records.ts"),
    import("../../audit/read/query.ts"),
  ]);
  const selection = await selectRecords(auditRoot, filter);
  const records: ListedRecord[] = [];
  const errors: AgentdError[] = [];
  let seen = 0;
  for (const { directory } of selection.newestFirst()) {
    if (records.length + errors.length === limit) break;
    seen += 1;
    // An unreadable record must not hide the others.
    try {
      const view = listed(await readAuditedView(directory, LISTED_DOCUMENT_BYTES));
      const isShown = (!failed || isFailure(view)) && (!weakened || view.exceptions.length > 0);
      if (isShown) records.push(await withLeftFiles(view));
    } catch (error) {
      if (!(error instanceof AgentdError)) throw error;
      errors.push(error);
    }
  }
  const shown = records.length + errors.length;
  if (!failed && !weakened) return { records, errors, total: selection.total };
  return { records, errors, total: seen === selection.total ? shown : null };
}

function exceptionsText({ exceptions }: ListedRecord): string {
  return exceptions.map(({ rule, name }) => `${rule} ${name}`).join(", ");
}

function hasAny({ failed, ...filter }: SessionFilter): boolean {
  return failed || Object.values(filter).some((given) => given !== undefined);
}

function row(record: ListedRecord, nowMs: number): Cell[] {
  return [
    shortId(record.session_id),
    record.profile,
    { text: standingText(record), colour: colourOf(record) },
    shortTriggerText(record),
    record.work_unit ?? "-",
    ageText(nowMs - Date.parse(record.queued_timestamp)),
    durationText(record) ?? "-",
    record.commit?.slice(0, SHOWN_COMMIT_DIGITS) ?? "-",
    record.runa_files === null ? "-" : String(record.runa_files),
    record.runa_bytes === null ? "-" : sizeText(record.runa_bytes),
    record.image,
  ];
}
