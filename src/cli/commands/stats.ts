import type { SessionStats } from "../../api/live-methods.ts";
import type { Result } from "../../api/methods.ts";
import type { Caller } from "../../rpc/client.ts";
import { shortId } from "../../short-id.ts";
import { Interrupts } from "../attend/interrupts.ts";
import { durationOption } from "../frame/arguments.ts";
import { type CommandDefinition, example, FAULTS } from "../frame/command.ts";
import { type CliContext, withClient, withPersistentClient } from "../frame/context.ts";
import { LiveView } from "../terminal/live-view.ts";
import { renderTable } from "../terminal/table.ts";
import { allTokens, dollarsText, tokensText } from "../words/llm-text.ts";
import { sizeText } from "../words/size-text.ts";
import { agoText } from "../words/time-text.ts";

interface StatsOptions {
  readonly once?: true;
  readonly json?: true;
  readonly interval?: string;
}

/** What a session uses, with its share of a processor between two looks; null where that is not known. */
interface Used extends SessionStats {
  readonly cpu_percent: number | null;
}

const INTERVAL_MS = 2_000;

/** Between the two looks of --once. */
const SHORT_INTERVAL_MS = 500;

const COLUMNS: readonly {
  readonly header: string;
  readonly cell: (used: Used, nowMs: number) => string;
  /** Whether the column is shown for these sessions; default: always. */
  readonly isShown?: (sessions: readonly Used[]) => boolean;
}[] = [
  { header: "SESSION", cell: (used) => shortId(used.session_id) },
  { header: "PROFILE", cell: (used) => used.profile },
  { header: "STATE", cell: (used) => used.state },
  { header: "CPU", cell: ({ cpu_percent: cpu }) => (cpu === null ? "-" : `${cpu.toFixed(1)} %`) },
  { header: "MEMORY", cell: memoryText },
  { header: "PIDS", cell: ({ pids, pids_limit: limit }) => (pids === null ? "-" : `${pids} / ${limit}`) },
  { header: "TOKENS", cell: ({ llm }) => (llm ? tokensText(allTokens(llm)) : "-"), isShown: usesModels },
  { header: "COST", cell: ({ llm }) => (llm ? dollarsText(llm.usd) : "-"), isShown: usesModels },
  {
    header: "LAST OUTPUT",
    cell: ({ last_output_timestamp: last }, nowMs) => (last === null ? "none" : agoText(last, nowMs)),
  },
];

/** `agentd stats`: what sessions use. */
export const stats: CommandDefinition = {
  name: "stats",
  faults: FAULTS,
  define: (command, start) =>
    command
      .summary("show what running sessions use")
      .argument("[session...]", "only these sessions (default: all that are not sealed)")
      .description(
        "Shows what sessions use now: processor, memory, processes, tokens and cost of language models, and when\n" +
          "they printed something last. On a terminal the table is shown anew until Ctrl-C.",
      )
      .option("--once", "show it once; the default without a terminal and with --json")
      .option("--interval <duration>", "time between two looks (default: 2s)")
      .option("--json", "print a JSON array")
      .addHelpText(
        "after",
        example("agentd stats", "agentd stats --once site-builder", "agentd stats --json"),
      )
      .action((sessions: string[], options: StatsOptions) => {
        start((context) => showStats(sessions, options, context));
      }),
};

async function showStats(
  sessions: readonly string[],
  options: StatsOptions,
  context: CliContext,
): Promise<number> {
  const intervalMs = durationOption("--interval", options.interval);
  const { stdout } = context;
  const asJson = options.json === true;
  if (asJson || options.once === true || !stdout.isTerminal) {
    const used = await withClient(context, (client) =>
      lookTwice(client, sessions, intervalMs ?? SHORT_INTERVAL_MS, context),
    );
    if (asJson) await stdout.json(used);
    else await stdout.line(tableOf(used, context));
    return 0;
  }
  return await showAgain(sessions, intervalMs ?? INTERVAL_MS, context);
}

/** Shows the table again and again until Ctrl-C. */
async function showAgain(
  sessions: readonly string[],
  intervalMs: number,
  context: CliContext,
): Promise<number> {
  const { stdout, clock } = context;
  const { first, release } = new Interrupts(context);
  const over = AbortSignal.any([first, stdout.closed]);
  try {
    await withPersistentClient(context, async (client) => {
      let before: Result<"stats"> | undefined;
      const view = new LiveView(stdout);
      while (!over.aborted) {
        const now = await client.call("stats", paramsOf(sessions));
        await view.show(tableOf(usedBetween(before, now), context));
        before = now;
        await clock.sleep(intervalMs, over).catch(() => undefined);
      }
    });
  } finally {
    release();
  }
  return 0;
}

async function lookTwice(
  client: Caller,
  sessions: readonly string[],
  pauseMs: number,
  { clock }: CliContext,
): Promise<Used[]> {
  const before = await client.call("stats", paramsOf(sessions));
  await clock.sleep(pauseMs, new AbortController().signal);
  return usedBetween(before, await client.call("stats", paramsOf(sessions)));
}

function paramsOf(sessions: readonly string[]): { sessions?: string[] } {
  return sessions.length === 0 ? {} : { sessions: [...sessions] };
}

/** What the second of two answers says, with the processor time between them; after a restart of the daemon without. */
export function usedBetween(before: Result<"stats"> | undefined, now: Result<"stats">): Used[] {
  const elapsedMs = before === undefined ? 0 : now.sampled_ms - before.sampled_ms;
  return now.sessions.map((session) => {
    const earlier = before?.sessions.find(({ session_id: id }) => id === session.session_id);
    const [from, to] = [earlier?.cpu_seconds ?? null, session.cpu_seconds];
    const isKnown = from !== null && to !== null && elapsedMs > 0;
    // Without a control group, processes that have ended unseen are missing in the second sum.
    const percent = isKnown ? Math.max(0, ((to - from) * 1000 * 100) / elapsedMs) : null;
    return { ...session, cpu_percent: percent === null ? null : Math.round(percent * 10) / 10 };
  });
}

function memoryText({ memory_bytes: bytes, memory_limit_bytes: limit }: Used): string {
  if (bytes === null) return "-";
  return limit === null ? sizeText(bytes) : `${sizeText(bytes)} / ${sizeText(limit)}`;
}

function usesModels(sessions: readonly Used[]): boolean {
  return sessions.some(({ llm }) => llm !== null);
}

function tableOf(sessions: readonly Used[], { stdout, now }: CliContext): string {
  if (sessions.length === 0 && stdout.isTerminal) return "No sessions are queued or running.";
  const columns = COLUMNS.filter(({ isShown }) => isShown?.(sessions) ?? true);
  return renderTable(
    columns.map(({ header }) => header),
    sessions.map((used) => columns.map(({ cell }) => cell(used, now()))),
    stdout,
  );
}
