import type { Command } from "commander";
import { contextsFile } from "../../config/paths.ts";
import type { ListedSession } from "../../session-document.ts";
import { shortId } from "../../short-id.ts";
import { type Candidates, candidatesFor, type Word } from "../completion/candidates.ts";
import { FILES } from "../completion/scripts.ts";
import { type CommandDefinition, FAULTS } from "../frame/command.ts";
import { type LocalContext, withClient } from "../frame/context.ts";
import { volumeStore } from "../frame/volume-survey.ts";
import { printable } from "../terminal/printable.ts";
import { standingText } from "../words/session-text.ts";
import { agoText } from "../words/time-text.ts";

/** How many sessions are offered as candidates. */
const MAX_SESSIONS = 100;

/** Kinds of words that the daemon knows, wherever it is. */
const OF_THE_DAEMON: readonly Candidates["kind"][] = ["sessions", "profiles", "schedules", "targets"];

/** The command that the scripts of `agentd completion` call. */
export const complete: CommandDefinition<LocalContext> = {
  name: "__complete",
  faults: FAULTS,
  place: "here",
  isHidden: true,
  define: (command, start) =>
    command
      .summary("answer the scripts of agentd completion")
      .argument("[words...]", "the command line up to the cursor")
      .action((words: string[], _options: unknown, self: Command) => {
        const { parent } = self;
        if (parent !== null)
          start((context) => printCandidates(candidatesFor(parent, words), words, context));
      }),
};

async function printCandidates(
  candidates: Candidates,
  words: readonly string[],
  context: LocalContext,
): Promise<number> {
  if (OF_THE_DAEMON.includes(candidates.kind)) {
    const answer = await context.completeElsewhere(words);
    if (answer !== undefined) {
      await context.stdout.write(answer);
      return 0;
    }
  }
  const typed = words.at(-1) ?? "";
  const fitting = (await lookUp(candidates, typed, context)).filter(({ word }) => word.startsWith(typed));
  const lines = fitting.map(({ word, summary }) => `${word}\t${printable(summary)}`);
  await context.stdout.lines(candidates.kind === "files" ? [FILES] : lines);
  return 0;
}

async function lookUp(
  candidates: Candidates,
  typed: string,
  context: LocalContext,
): Promise<readonly Word[]> {
  switch (candidates.kind) {
    case "words":
      return candidates.words;
    case "sessions":
      return (await sessions(!candidates.openOnly, typed, context)).map(({ word, summary }) => ({
        word: `${word}${candidates.ending}`,
        summary,
      }));
    case "profiles":
      return await profiles(context);
    case "schedules":
      return await schedules(candidates.profile, context);
    case "targets":
      return await targets(context);
    case "agents":
      return await agents(context);
    case "contexts":
      return await contexts(context);
    case "volumes":
      return await volumes(context);
    case "files":
    case "anything":
      return [];
  }
}

/** Short ids, and profiles for their newest sessions; full ids once the word starts like one. */
async function sessions(all: boolean, typed: string, context: LocalContext): Promise<Word[]> {
  const found = await withClient(context, (client) => client.call("list", { all, limit: MAX_SESSIONS }));
  const byProfile = new Map<string, Word>();
  for (const { profile, session_id: id } of found.sessions) {
    if (byProfile.has(profile)) continue;
    byProfile.set(profile, { word: profile, summary: `newest session, ${shortId(id)}` });
  }
  const short = found.sessions.map((view) => ({ word: shortId(view.session_id), summary: summaryOf(view) }));
  const words = [...short, ...byProfile.values()];
  if (words.some(({ word }) => word.startsWith(typed))) return words;
  return found.sessions.map((view) => ({ word: view.session_id, summary: summaryOf(view) }));
}

function summaryOf(view: ListedSession): string {
  return [view.profile, view.work_unit, standingText(view)].filter((text) => text !== null).join(" ");
}

async function profiles(context: LocalContext): Promise<Word[]> {
  const found = await withClient(context, (client) => client.call("profiles", {}));
  return found.map(({ name, image }) => ({ word: name, summary: image }));
}

async function schedules(profile: string, context: LocalContext): Promise<Word[]> {
  const found = await withClient(context, (client) => client.call("schedule", { profile, count: 1 }));
  return found.schedules.map(({ name, schedule }) => ({ word: name, summary: schedule }));
}

async function targets(context: LocalContext): Promise<Word[]> {
  const { notify } = await withClient(context, (client) => client.call("status", {}));
  return notify.map(({ name, via }) => ({ word: name, summary: via }));
}

/** Those of the operator's that cannot be read are offered all the same: the command says what is wrong with them. */
async function agents({ installation: { host, packageDirectory } }: LocalContext): Promise<Word[]> {
  const { agentNames, agentPlaces, findAgent } = await import("../../config/agent-files.ts");
  const places = agentPlaces(host, packageDirectory);
  return await Promise.all(
    (await agentNames(places)).map(async (word) => {
      const found = await findAgent(word, places).catch(() => undefined);
      return { word, summary: found?.description ?? "" };
    }),
  );
}

async function contexts({ installation }: LocalContext): Promise<Word[]> {
  const { LOCAL, readContexts } = await import("../../remote/contexts.ts");
  const { hosts } = await readContexts(contextsFile(installation.host));
  return [
    { word: LOCAL, summary: "this machine" },
    ...[...hosts].map(([word, { host }]) => ({ word, summary: host })),
  ];
}

async function volumes(context: LocalContext): Promise<Word[]> {
  const store = await volumeStore(context);
  return (await store.list()).map(({ id, usedMs }) => ({
    word: id,
    summary: `last used ${agoText(new Date(usedMs).toISOString(), context.now())}`,
  }));
}
