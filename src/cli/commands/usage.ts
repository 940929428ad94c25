import { type Command, Option } from "commander";
import type { RecordPlace } from "../../audit/read/query.ts";
import { sentence } from "../../errors.ts";
import { inParallel } from "../../in-parallel.ts";
import { instantOption } from "../frame/arguments.ts";
import { type CommandDefinition, example, FAULTS } from "../frame/command.ts";
import { type LocalContext, say } from "../frame/context.ts";
import { type Cell, renderTable } from "../terminal/table.ts";
import { dollarsText, tokensText } from "../words/llm-text.ts";
import { readLedgerOf } from "../words/session-ledger.ts";
import {
  dollarsOf,
  USAGE_KEYS,
  type UsageKey,
  type UsageNumbers,
  type UsageOfSession,
  type UsageRow,
  UsageSums,
} from "../words/usage-sums.ts";

interface UsageOptions {
  readonly since?: string;
  readonly until?: string;
  readonly profile?: string;
  readonly by: UsageKey;
  readonly json?: true;
}

/** As many as keep a disk busy. */
const PARALLEL = 16;

/** `agentd usage`: what sessions used of language models, and what that cost. */
export const usage: CommandDefinition<LocalContext> = {
  name: "usage",
  faults: FAULTS,
  define: (command: Command, start) =>
    command
      .summary("sum up what sessions used of language models")
      .description(
        "Adds up the requests, tokens and dollars of sessions with language models, from their records; sessions that run\n" +
          "count with what they have used so far. COST has a + where something has no known price.\n\n" +
          "Works without a daemon.",
      )
      .addOption(
        new Option("--by <key>", "a line for each profile, model, day or session")
          .choices(USAGE_KEYS)
          .default("profile"),
      )
      .option("--profile <profile>", "count only this profile's sessions")
      .option(
        "--since <when>",
        "count only sessions accepted since then: 7d ago, or a time such as 2026-01-02T03:04:05Z",
      )
      .option("--until <when>", "count only sessions accepted until then")
      .option("--json", "print a JSON object")
      .addHelpText(
        "after",
        example(
          "agentd usage --since 7d",
          "agentd usage --by model",
          "agentd usage --by day --since 30d --json",
        ),
      )
      .action((options: UsageOptions) => {
        start((context) => showUsage(options, context));
      }),
};

async function showUsage(options: UsageOptions, context: LocalContext): Promise<number> {
  const { stdout, now } = context;
  const { selectRecords } = await import("../../audit/read/select-records.ts");
  const sinceMs = instantOption("--since", options.since, now());
  const untilMs = instantOption("--until", options.until, now());
  const selection = await selectRecords(await context.auditRoot(), {
    ...{ profile: options.profile, sinceMs, untilMs },
  });
  const sums = new UsageSums(options.by, localDay);
  const unreadable: { readonly record: string; readonly why: string }[] = [];
  await inParallel([...selection.newestFirst()], PARALLEL, async (place) => {
    try {
      const found = await usageOf(place, options.by);
      if (found !== undefined) sums.add(found);
    } catch (error) {
      unreadable.push({ record: place.directory, why: sentence(error) });
    }
  });
  if (options.json === true) {
    await stdout.json({
      by: options.by,
      rows: sums.rows.map((row) => asJson(row, options.by)),
      total: asJson(sums.total, undefined),
      unreadable,
    });
  } else {
    const table = usageTable(sums, options.by, context);
    if (table !== "") await stdout.line(table);
  }
  for (const { record, why } of unreadable) await say(context, `${record} is not counted: ${why}`);
  return unreadable.length === 0 ? 0 : 1;
}

/** Undefined for a session that used no gateway. */
async function usageOf(place: RecordPlace, by: UsageKey): Promise<UsageOfSession | undefined> {
  const { readDocument } = await import("../../audit/read/query.ts");
  const document = await readDocument(place.directory);
  const needsLedger =
    document.llm === null ? document.outcome === null : by === "model" && document.llm.models.length !== 1;
  const ledger = needsLedger ? await readLedgerOf(place.directory) : undefined;
  const { sessionLlm } = await import("../../llm/ledger/session-llm.ts");
  const llm = document.llm ?? (ledger === undefined ? null : sessionLlm(ledger));
  if (llm === null) return undefined;
  const models = by === "model" && ledger !== undefined ? numbersByModel(ledger) : undefined;
  return { document, llm, models };
}

type Ledger = NonNullable<Awaited<ReturnType<typeof readLedgerOf>>>;

function numbersByModel({ models }: Ledger): Map<string, UsageNumbers> {
  return new Map(
    [...models].map(([model, sums]): [string, UsageNumbers] => [
      model,
      {
        requests: sums.requests,
        refused: 0,
        input_tokens: sums.input_tokens + sums.cache_write_tokens,
        cached_tokens: sums.cached_tokens,
        output_tokens: sums.output_tokens,
        reasoning_tokens: sums.reasoning_tokens,
        micro: Math.ceil(sums.nano / 1000),
        hasUnknown: sums.unpriced > 0,
      },
    ]),
  );
}

function localDay(timestamp: string): string {
  const at = new Date(timestamp);
  const two = (part: number): string => String(part).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

function asJson({ key, micro, hasUnknown, ...numbers }: UsageRow, by: UsageKey | undefined): object {
  return {
    ...(by === undefined ? {} : { [by]: key }),
    ...numbers,
    usd: dollarsOf({ micro, hasUnknown, ...numbers }),
    has_unknown_cost: hasUnknown,
  };
}

function usageTable(sums: UsageSums, by: UsageKey, { stdout }: LocalContext): string {
  const { rows, total } = sums;
  if (rows.length === 0) return stdout.isTerminal ? "no session has used language models" : "";
  const headers = [by.toUpperCase(), "SESSIONS", "REQUESTS", "REFUSED", "INPUT", "CACHED", "OUTPUT", "COST"];
  const all = rows.length > 1 ? [...rows, total] : rows;
  return renderTable(headers, all.map(cells), stdout);
}

function cells(row: UsageRow): Cell[] {
  const dollars = dollarsOf(row);
  return [
    row.key,
    ...[row.sessions, row.requests, row.refused].map(String),
    ...[row.input_tokens, row.cached_tokens, row.output_tokens].map(tokensText),
    `${dollarsText(dollars)}${row.hasUnknown && dollars !== null ? "+" : ""}`,
  ];
}
