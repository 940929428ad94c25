/** Answers what pages ask about the records of this host, from their files or by a command of agentd. */
import type { FileHandle } from "node:fs/promises";
import * as z from "zod";
import { readJournal } from "../../audit/format/journal.ts";
import { recordPaths } from "../../audit/format/record-layout.ts";
import { AgentdError } from "../../errors.ts";
import { summariseEgress } from "../../gateway/log/egress-summary.ts";
import { ifThere } from "../../if-there.ts";
import { asFingerprints } from "../../redaction/kept-fingerprints.ts";
import { isShownAsIs } from "../../redaction/shown-as-is.ts";
import { openRegularFile } from "../../regular-file.ts";
import type { Caller } from "../../rpc/client.ts";
import type { SessionView } from "../../session-document.ts";
import type { FoundLines, PageQuestions } from "../words/page-answers.ts";
import { readModelRequests } from "./model-requests.ts";
import type { OwnCommands } from "./own-commands.ts";
import { searchLog } from "./search-log.ts";

/** Hosts that one answer has. */
const MOST_HOSTS = 1_000;

const session = z.strictObject({ session: z.string().regex(/^[0-9a-f]{16}$/) });
const age = z.string().regex(/^\d{1,6}[smhdw]$/);
const name = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,99}$/i);

/** What each question takes. */
export const QUESTIONS = {
  journal: session,
  requests: session,
  egress: session,
  search: session.extend({ text: z.string().min(1).max(1000) }),
  verify: session,
  usage: z.strictObject({
    by: z.enum(["day", "profile", "model"]),
    since: age,
    profile: name.optional(),
  }),
  prune: z.strictObject({
    older_than: age.optional(),
    keep: z.int().min(0).max(1_000_000),
    remove: z.boolean(),
  }),
  publish: session,
} as const satisfies { readonly [Q in keyof PageQuestions]: z.ZodType<PageQuestions[Q]["ask"]> };

export type QuestionName = keyof PageQuestions;

/** Whether a question asks for a change. */
export function asksForChange(question: QuestionName, ask: unknown): boolean {
  return question === "publish" || (question === "prune" && (ask as PageQuestions["prune"]["ask"]).remove);
}

export interface AnswererOptions {
  readonly daemon: Caller;
  readonly commands: OwnCommands;
}

type Answers = {
  readonly [Q in QuestionName]: (
    ask: PageQuestions[Q]["ask"],
    signal: AbortSignal,
  ) => Promise<PageQuestions[Q]["answer"]>;
};

/** One function for each question. Each throws AgentdError. */
export function pageAnswers({ daemon, commands }: AnswererOptions): Answers {
  const view = async (id: string, signal: AbortSignal): Promise<SessionView> =>
    await daemon.call("show", { session: id }, { signal });
  const reads = async <T>(
    id: string,
    signal: AbortSignal,
    read: (record: string) => Promise<T>,
    otherwise: T,
  ): Promise<T> => (await ifThere(read((await view(id, signal)).record))) ?? otherwise;
  return {
    journal: async ({ session: id }, signal) => {
      const { record } = await view(id, signal);
      const { entries } = await readJournal(recordPaths(record).journal);
      return entries.map(({ seq: _seq, prev: _prev, ...step }) => step);
    },
    requests: async ({ session: id }, signal) => {
      const read = (record: string) => withFile(recordPaths(record).llm, readModelRequests);
      return await reads(id, signal, read, { requests: [], total: 0 });
    },
    egress: async ({ session: id }, signal) => {
      const read = async (record: string) => {
        const { hosts } = await summariseEgress(recordPaths(record).egress);
        return { hosts: hosts.slice(0, MOST_HOSTS), total: hosts.length };
      };
      return await reads(id, signal, read, { hosts: [], total: 0 });
    },
    search: async ({ session: id, text }, signal) =>
      await search(daemon, await view(id, signal), text, signal),
    verify: async ({ session: id }, signal) =>
      await commands.json(["audit", "verify", id, "--json"], { signal }),
    usage: async ({ by, since, profile }, signal) => {
      const only = profile === undefined ? [] : ["--profile", profile];
      return await commands.json(["usage", "--by", by, "--since", since, ...only, "--json"], { signal });
    },
    prune: async ({ older_than: olderThan, keep, remove }, signal) => {
      const age = olderThan === undefined ? [] : ["--older-than", olderThan];
      const rules = [...age, "--keep", String(keep)];
      return await commands.json(["audit", "prune", ...rules, ...(remove ? ["--yes"] : []), "--json"], {
        signal,
      });
    },
    publish: async ({ session: id }, signal) => await commands.json(["publish", id, "--json"], { signal }),
  };
}

const NOTHING: FoundLines = { total: 0, first: [], last: [] };

async function search(
  daemon: Caller,
  shown: SessionView,
  text: string,
  signal: AbortSignal,
): Promise<FoundLines> {
  const { session_id: id, record, start_timestamp: start } = shown;
  const found = asFingerprints((await daemon.call("fingerprints", { session: id }, { signal })).fingerprints);
  if (found === undefined && !isShownAsIs(shown) && start !== null) {
    throw new AgentdError("redaction_unavailable", {
      tried: `search the output of session ${id}`,
      why: "values of credentials are in it, and what finds them is gone or the profile leaves them",
      next: "Read it on the daemon's host, with `agentd logs --raw`.",
    });
  }
  // Where the record has names in their place, there is nothing to look for.
  const fingerprints = isShownAsIs(shown) ? undefined : found;
  const look = (file: FileHandle) => searchLog(file, { text, fingerprints, signal });
  return (await ifThere(withFile(recordPaths(record).console, look))) ?? NOTHING;
}

async function withFile<T>(path: string, use: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await openRegularFile(path);
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}
