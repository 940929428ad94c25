import type { Command } from "commander";
import { AgentdError } from "../../errors.ts";
import type { Fingerprints } from "../../redaction/fingerprints.ts";
import { redactedChunks } from "../../redaction/redact-text.ts";
import { type CommandDefinition, example, FAULTS } from "../frame/command.ts";
import { type LocalContext, say } from "../frame/context.ts";
import { findFingerprints } from "../frame/found-fingerprints.ts";
import {
  type LatestOption,
  type NamedSession,
  namedSession,
  takingSession,
} from "../frame/session-argument.ts";
import { operatorsColours, operatorsPager } from "../work/operators-git.ts";
import { page } from "../work/page.ts";
import { namesIn, statOf } from "../work/patch-numbers.ts";
import { patchLines, readable } from "../work/patch-text.ts";
import { openPatch, type SessionWork } from "../work/session-work.ts";
import { withSessionWork } from "../work/some-work.ts";

interface DiffOptions extends LatestOption {
  readonly stat?: true;
  readonly nameOnly?: true;
  readonly raw?: true;
  readonly json?: true;
}

/** `agentd diff`: what a session has changed. */
export const diff: CommandDefinition<LocalContext> = {
  name: "diff",
  faults: FAULTS,
  define: (command, start) =>
    takingSession(command)
      .summary("show what a session has changed")
      .description(
        "Prints a session's changes as a patch, from the commit it began with to its last files: commits, uncommitted\n" +
          "changes and new files. On a terminal the patch is shown in git's pager and colours, control characters escaped;\n" +
          "elsewhere it is what `git apply` takes. Values of the session's credentials are replaced by their names. Verifies the record first. Works without a daemon.\n\n" +
          "Exits 0, also when nothing has changed.",
      )
      .option("--stat", "print how many lines have changed in each file")
      .option("--name-only", "print only the names of changed files")
      .option("--raw", "print the patch as it is, with the values of the session's credentials")
      .option("--json", "print the summary: commits, branches, numbers, and what could not be recorded")
      .addHelpText(
        "after",
        example("agentd diff e81234", "agentd diff --stat site-builder", "agentd diff e81234 | git apply"),
      )
      .action((session: string | undefined, options: DiffOptions, self: Command) => {
        const named = namedSession(session, options, self);
        if ([options.stat, options.nameOnly, options.json].filter(Boolean).length > 1)
          self.error("error: give one of --stat, --name-only and --json");
        start((context) => showDiff(named, options, context));
      }),
};

async function showDiff(named: NamedSession, options: DiffOptions, context: LocalContext): Promise<number> {
  return await withSessionWork(named, "show the changes of", context, (work) =>
    showWork(work, options, context),
  );
}

async function showWork(work: SessionWork, options: DiffOptions, context: LocalContext): Promise<number> {
  const { stdout } = context;
  if (options.json === true) {
    await stdout.json({ session_id: work.id, ...work.summary });
    return 0;
  }
  const patch = await openPatch(work, `show the changes of session ${work.id}`);
  if (patch === undefined) {
    await say(context, `session ${work.id} changed nothing`);
    return 0;
  }
  try {
    const { env } = context.installation.host;
    if (options.stat === true) await printText(await reading(statOf(patch, env), work.id), context);
    else if (options.nameOnly === true) await printText(await reading(namesIn(patch, env), work.id), context);
    else {
      const prints = await fingerprintsOfWork(work, options, context);
      const content = redactedChunks(patch.createReadStream({ autoClose: false }), prints);
      if (stdout.isTerminal) await showPatch(content, context);
      else await printBytes(content, context);
    }
  } finally {
    await patch.close();
  }
  return 0;
}

async function reading(text: Promise<Buffer>, id: string): Promise<Buffer> {
  try {
    return await text;
  } catch (cause) {
    throw new AgentdError("work_missing", {
      tried: `read the patch of session ${id}`,
      why: cause instanceof Error ? (cause.message.split("\n")[0] ?? "") : String(cause),
      next: `Check that git is installed. \`agentd diff ${id}\` prints the patch without it.`,
      cause,
    });
  }
}

async function printText(text: Buffer, { stdout }: LocalContext): Promise<void> {
  await stdout.write(stdout.isTerminal ? text.toString("utf8").split("\n").map(readable).join("\n") : text);
}

/** Undefined where the patch can be printed as it is. */
async function fingerprintsOfWork(
  { id, document }: SessionWork,
  { raw }: DiffOptions,
  context: LocalContext,
): Promise<Fingerprints | undefined> {
  const { credentials_in_work: names } = document;
  if (raw === true || names.length === 0) return undefined;
  const prints = await findFingerprints(id, context);
  if (prints !== undefined) return prints;
  throw new AgentdError("redaction_unavailable", {
    tried: `show the changes of session ${id}`,
    why: `they contain the value of ${names.join(", ")}, and what finds it is gone, as after a restart of the host`,
    next: `To see them with the value in them, use \`agentd diff --raw ${id}\`.`,
  });
}

async function printBytes(content: AsyncIterable<Buffer>, { stdout }: LocalContext): Promise<void> {
  for await (const chunk of content) {
    if (stdout.closed.aborted) return;
    await stdout.write(chunk);
  }
}

async function showPatch(content: AsyncIterable<Buffer>, context: LocalContext): Promise<void> {
  const { stdout, installation, onInterrupt } = context;
  const { env } = installation.host;
  const [pager, colours] = await Promise.all([
    operatorsPager(env),
    stdout.hasColours ? operatorsColours(env) : undefined,
  ]);
  const lines = patchLines(content, colours);
  if (pager === undefined) {
    for await (const line of lines) await stdout.write(line);
    return;
  }
  // Ctrl-C is the pager's, as long as it is open.
  const release = onInterrupt(() => undefined);
  try {
    await page(pager, env, lines);
  } finally {
    release();
  }
}
