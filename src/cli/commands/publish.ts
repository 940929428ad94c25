import { mkdtemp, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Command } from "commander";
import type { PublishedWork } from "../../daemon/publish-record.ts";
import { AgentdError } from "../../errors.ts";
import { ifThere } from "../../if-there.ts";
import { credentialPlaces, findCredentialSource } from "../doctor/credential-checks.ts";
import { type CommandDefinition, example, FAULTS } from "../frame/command.ts";
import { connectIfRunning, type LocalContext, say } from "../frame/context.ts";
import {
  type LatestOption,
  type NamedSession,
  namedSession,
  takingSession,
} from "../frame/session-argument.ts";
import { printable } from "../terminal/printable.ts";
import { readSessionWork, type SessionWork } from "../work/session-work.ts";

interface PublishOptions extends LatestOption {
  readonly json?: true;
}

/** `agentd publish`: publishes the work of a sealed record. */
export const publish: CommandDefinition<LocalContext> = {
  name: "publish",
  faults: FAULTS,
  define: (command, start) =>
    takingSession(command)
      .summary("publish a session's work, or publish it again")
      .description(
        "Pushes the work in a session's record to a branch and opens its pull or merge request, as [profiles.publish] of\n" +
          "the profile says now, whatever the session's outcome is. A branch that is there already is moved forward, never\n" +
          "by force, and a request that is open is the one.\n\n" +
          "It needs the record alone: what the session was a clone of is fetched from its repository. The record is verified\n" +
          "first. The token is read from credentials.env or the environment of the running daemon. What came of it is added\n" +
          "to the record as a note beside the seal. Works without a daemon.\n\n" +
          "Exits 0 if the work is published or there was nothing to publish, and 1 if it failed or the request could not\n" +
          "be opened.",
      )
      .option("--json", "print a JSON object")
      .addHelpText("after", example("agentd publish e81234", "agentd publish --latest"))
      .action((session: string | undefined, options: PublishOptions, self: Command) => {
        const named = namedSession(session, options, self);
        start((context) => publishSession(named, options, context));
      }),
};

async function publishSession(
  named: NamedSession,
  options: PublishOptions,
  context: LocalContext,
): Promise<number> {
  const { stdout, stderr } = context;
  const work = await readSessionWork(named, "publish the work of", context);
  const interrupted = new AbortController();
  const stopListening = context.onInterrupt(() => interrupted.abort(new Error("it was interrupted")));
  let result: PublishedWork;
  try {
    result = await publishIt(work, interrupted.signal, context);
  } finally {
    stopListening();
    await stderr.clearStatus();
  }
  const warnings = result.kind === "published" ? result.warnings : [];
  for (const warning of warnings) await say(context, printable(warning));
  if (options.json === true) await stdout.json(jsonOf(work.id, result));
  else await stdout.lines(textOf(work.id, result));
  return result.kind === "published" && isIncomplete(result) ? 1 : 0;
}

async function publishIt(
  work: SessionWork,
  signal: AbortSignal,
  context: LocalContext,
): Promise<PublishedWork> {
  const { installation, stderr, stateDirectory, version, now } = context;
  const { host } = installation;
  const { id, document, summary } = work;
  const [{ publishRecord }, { findProfile }, { removeTree }] = await Promise.all([
    import("../../daemon/publish-record.ts"),
    import("../../config/config.ts"),
    import("../../trees/remove-tree.ts"),
  ]);
  const profile = findProfile(await context.loadConfig(undefined), document.profile);
  if (profile === undefined) {
    throw new AgentdError("unknown_profile", {
      tried: `publish the work of session ${id}`,
      why: `its profile ${document.profile} is not configured any more`,
      next: `Add the profile again, or get the commits into a checkout with \`agentd apply ${id}\`.`,
    });
  }
  const variables = await findCredentialSource(host.env, credentialPlaces(host), await daemonPid(context));
  const scratch = await mkdtemp(join(tmpdir(), "agentd-publish-"));
  const saying = (doing: string) => async (): Promise<void> => {
    await stderr.status(`agentd: ${doing}`);
  };
  try {
    return await publishRecord(
      {
        ...{ id, profile: document.profile, directory: dirname(dirname(work.bundle)), document, summary },
        published: profile,
        summaryFile: work.summaryFile,
        bundle: (await hasContent(work.bundle)) ? work.bundle : undefined,
        patch: (await hasContent(work.patch)) ? work.patch : undefined,
      },
      {
        environment: { ...variables.current, ...host.env },
        ...{ variables, stateDirectory, scratch, version, now, signal },
        steps: {
          fetching: saying("fetching what the session began with"),
          pushing: saying("pushing the branch"),
          pushed: saying("the branch is pushed"),
        },
      },
    );
  } finally {
    await removeTree(scratch);
  }
}

async function daemonPid(context: LocalContext): Promise<number | undefined> {
  const daemon = await connectIfRunning(context);
  if (daemon instanceof AgentdError) return undefined;
  try {
    return (await daemon.call("status", {})).pid;
  } finally {
    daemon.close();
  }
}

async function hasContent(path: string): Promise<boolean> {
  return ((await ifThere(stat(path)))?.size ?? 0) > 0;
}

/** A request that was asked for and is not there has a warning. */
function isIncomplete({ published, warnings }: Extract<PublishedWork, { kind: "published" }>): boolean {
  return published.request_url === null && warnings.length > 0;
}

function jsonOf(id: string, result: PublishedWork) {
  return {
    session_id: id,
    published: result.kind === "published" ? result.published : null,
    why: result.kind === "nothing" ? result.why : null,
    warnings: result.kind === "published" ? result.warnings : [],
  };
}

function textOf(id: string, result: PublishedWork): string[] {
  if (result.kind === "nothing") return [`nothing to publish: ${result.why}`];
  const { branch, commit, url, request_url: request } = result.published;
  return [
    `session ${id} is published: branch ${printable(branch)} of ${printable(url)} is at ${commit.slice(0, SHORT_ID)}`,
    ...(request === null ? [] : [`its request is ${printable(request)}`]),
  ];
}

/** How much of a commit's id is shown. */
const SHORT_ID = 12;
