import { AgentdError } from "../../errors.ts";
import { countOption } from "../arguments.ts";
import { readAuditedRecord, type ListedRecord } from "../audited-record.ts";
import { colourOf } from "../colours.ts";
import { example, FAULTS, type CommandDefinition } from "../command.ts";
import type { LocalContext } from "../context.ts";
import { errorText } from "../error-text.ts";
import { printable } from "../printable.ts";
import { durationText, standingText } from "../session-text.ts";
import { sizeText } from "../size-text.ts";
import { renderTable, type Cell } from "../table.ts";
import { ageText } from "../time-text.ts";

interface LsOptions {
  readonly limit?: string;
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
    command
      .summary("list the records of sessions")
      .description(
        "Lists what ran, the newest first: by what trigger, on which commit and image, for how long, how it ended " +
          "and what it left in runa/.\nReads the records themselves, so it works without a daemon.",
      )
      .argument("[profile]", "only the records of this profile")
      .option("--limit <count>", `at most so many (default: ${DEFAULT_LIMIT})`)
      .option("--json", "print a JSON array")
      .addHelpText("after", example("agentd audit ls", "agentd audit ls site-builder --limit 100 --json"))
      .action((profile: string | undefined, options: LsOptions) => {
        start((context) => listAudited(profile, options, context));
      }),
};

async function listAudited(
  profile: string | undefined,
  options: LsOptions,
  context: LocalContext,
): Promise<number> {
  const { stdout, stderr, now } = context;
  const limit = countOption("--limit", options.limit ?? DEFAULT_LIMIT, { max: MAX_LIMIT });
  const auditRoot = await context.auditRoot();
  const { listRecords, LISTED_DOCUMENT_BYTES } = await import("../../audit/query.ts");
  const places = await listRecords(auditRoot, { limit, profile });
  const records: ListedRecord[] = [];
  const errors: AgentdError[] = [];
  for (const { directory } of places) {
    const record = await recordOrError(directory, LISTED_DOCUMENT_BYTES);
    if (record instanceof AgentdError) errors.push(record);
    else records.push(record);
  }
  if (options.json === true) await stdout.json(records);
  else if (places.length === 0 && stdout.isTerminal)
    await stdout.line(
      `There are no records ${profile === undefined ? "" : `of ${printable(profile)} `}in ${printable(auditRoot)}.`,
    );
  else
    await stdout.line(
      renderTable(
        HEADERS,
        records.map((record) => row(record, now())),
        stdout,
      ),
    );
  for (const error of errors) await stderr.line(errorText(error));
  return errors.length === 0 ? 0 : 1;
}

/** One that cannot be read must not hide the others. */
async function recordOrError(directory: string, limitBytes: number): Promise<ListedRecord | AgentdError> {
  try {
    const { excluded: _excluded, ...record } = await readAuditedRecord(directory, limitBytes);
    return record;
  } catch (error) {
    if (error instanceof AgentdError) return error;
    throw error;
  }
}

function row(record: ListedRecord, nowMs: number): Cell[] {
  return [
    record.session_id,
    record.profile,
    { text: standingText(record), colour: colourOf(record) },
    record.trigger,
    record.work_unit ?? "-",
    ageText(nowMs - Date.parse(record.queued_timestamp)),
    durationText(record) ?? "-",
    record.commit?.slice(0, SHOWN_COMMIT_DIGITS) ?? "-",
    String(record.runa_files),
    sizeText(record.runa_bytes),
    record.image,
  ];
}
