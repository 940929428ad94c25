import { MAX_EVENTS } from "../../api/limits.ts";
import type { Params, Result } from "../../api/methods.ts";
import { AgentdError } from "../../errors.ts";
import type { FeedEvent } from "../../events/event.ts";
import type { Caller } from "../../rpc/client.ts";
import { Interrupts } from "../attend/interrupts.ts";
import { collectOption, instantOption } from "../frame/arguments.ts";
import { type CommandDefinition, example, FAULTS } from "../frame/command.ts";
import { type CliContext, type LocalContext, say, withPersistentClient } from "../frame/context.ts";
import { printableJson } from "../terminal/printable.ts";
import { eventText } from "../words/event-text.ts";

interface EventsOptions {
  readonly follow?: true;
  readonly since?: string;
  readonly type?: readonly string[];
  readonly profile?: string;
  readonly json?: true;
}

/** How long the daemon waits for an event before it answers. */
const WAIT_MS = 60_000;

type Begin = Pick<Params<"events">, "after" | "since_timestamp">;

interface Wanted {
  readonly follow: boolean;
  readonly begin: Begin;
  readonly matches: (event: FeedEvent) => boolean;
  readonly text: (event: FeedEvent) => string;
}

/** `agentd events`: what happens, from the feed. */
export const events: CommandDefinition<LocalContext> = {
  name: "events",
  faults: FAULTS,
  define: (command, start) =>
    command
      .summary("show what happens")
      .description(
        "Shows the events of the feed, oldest first: what happens to sessions, schedules, budgets, records and the daemon.\n" +
          "With --follow, those from now on until Ctrl-C; a restart of the daemon repeats and misses none.",
      )
      .option("-f, --follow", "show what happens from now on, or with --since from then on")
      .option(
        "--since <when>",
        "show only events since then: 10m or 1d ago, or a time such as 2026-01-02T03:04:05Z",
      )
      .option(
        "--type <pattern>",
        "show only types like this, such as session.sealed or 'llm.*'; repeatable",
        collectOption,
      )
      .option("--profile <profile>", "show only events of this profile")
      .option("--json", "print one JSON object per line")
      .addHelpText(
        "after",
        example(
          "agentd events --since 1h",
          "agentd events -f --type session.sealed --type 'publish.*'",
          "agentd events --json --profile site-builder",
        ),
      )
      .action((options: EventsOptions) => {
        start((context) => showEvents(options, context));
      }),
};

async function showEvents(options: EventsOptions, context: CliContext): Promise<number> {
  const wanted = await wantedOf(options, context.now());
  const { first, release } = new Interrupts(context);
  const over = AbortSignal.any([first, context.stdout.closed]);
  try {
    await withPersistentClient(context, (client) => print(client, wanted, over, context));
    return 0;
  } catch (error) {
    if (over.aborted) return 0;
    throw error;
  } finally {
    release();
  }
}

async function wantedOf(options: EventsOptions, nowMs: number): Promise<Wanted> {
  const { follow = false, profile, json = false } = options;
  const sinceMs = instantOption("--since", options.since, nowMs);
  const types = options.type === undefined ? undefined : await typesLike(options.type);
  return {
    follow,
    begin: beginOf(follow, sinceMs),
    matches: (event) =>
      (sinceMs === undefined || Date.parse(event.time) >= sinceMs) &&
      (profile === undefined || event.profile === profile) &&
      types?.has(event.type) !== false,
    text: (event) => (json ? printableJson(event) : eventText(event)),
  };
}

function beginOf(follow: boolean, sinceMs: number | undefined): Begin {
  if (sinceMs !== undefined) return { since_timestamp: new Date(Math.max(0, sinceMs)).toISOString() };
  return follow ? {} : { after: 0 };
}

/** The types that patterns name. @throws AgentdError `usage` for a pattern that names none. */
async function typesLike(patterns: readonly string[]): Promise<ReadonlySet<string>> {
  const { EVENT_TYPES } = await import("../../events/event.ts");
  const found = patterns.map((pattern) => {
    const like = new RegExp(`^${pattern.split("*").map(escaped).join(".*")}$`);
    const types = EVENT_TYPES.filter((type) => like.test(type));
    if (types.length > 0) return types;
    throw new AgentdError("usage", {
      tried: `use ${JSON.stringify(pattern)} for --type`,
      why: "no type of event is like it",
      next: `Types are ${EVENT_TYPES.join(", ")}; * stands for any text.`,
    });
  });
  return new Set(found.flat());
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}

/** Prints pages of events until there are no more, or when following, until the signal. */
async function print(
  client: Caller,
  { follow, begin, matches, text }: Wanted,
  over: AbortSignal,
  context: CliContext,
): Promise<void> {
  // What it begins after has to be known before anything is waited for: the daemon may go away meanwhile.
  let page = await ask(client, { ...begin, wait_ms: 0 }, over);
  const { latest } = page;
  for (;;) {
    await context.stdout.lines(page.events.filter(matches).map(text));
    if (over.aborted || (!follow && page.after >= latest)) return;
    const { after } = page;
    page = await ask(client, { after, wait_ms: follow ? WAIT_MS : 0 }, over);
    if (page.oldest > after + 1) {
      await say(context, `events ${after + 1} to ${page.oldest - 1} are not kept any more`);
    }
  }
}

async function ask(
  client: Caller,
  params: Omit<Params<"events">, "limit">,
  signal: AbortSignal,
): Promise<Result<"events">> {
  return await client.call("events", { ...params, limit: MAX_EVENTS }, { signal });
}
