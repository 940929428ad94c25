import type { Command } from "commander";
import { type CommandDefinition, example, FAULTS } from "../frame/command.ts";
import { type LocalContext, say } from "../frame/context.ts";
import {
  type LatestOption,
  type NamedSession,
  namedSession,
  takingSession,
} from "../frame/session-argument.ts";
import { printable } from "../terminal/printable.ts";
import { countText } from "../words/size-text.ts";
import { type AppliedRest, applyRest } from "../work/apply-rest.ts";
import { readCarriedWork } from "../work/carried-work.ts";
import { checkoutHere } from "../work/checkout.ts";
import { fetchCommits, type Fetched } from "../work/fetch-commits.ts";
import { readSessionWork, type SessionWork } from "../work/session-work.ts";

interface ApplyOptions extends LatestOption {
  readonly worktree?: true;
  readonly force?: true;
  readonly json?: true;
}

/** `agentd apply`: brings a session's work into a checkout. */
export const apply: CommandDefinition<LocalContext> = {
  name: "apply",
  faults: FAULTS,
  place: "fetched",
  define: (command, start) =>
    takingSession(command)
      .summary("bring a session's work into a checkout")
      .description(
        "Run it in a checkout of the session's repository. It fetches the session's commits, by the same ids, into the\n" +
          "branch agentd/SESSION, and its other branches and tags into refs/agentd/SESSION/, and says how to merge them. Your\n" +
          "branch and your files stay as they are.\n\n" +
          "With --worktree it also brings what the session had not committed into your files, uncommitted. If your branch\n" +
          "has not got the session's commits, the branch agentd/SESSION is checked out first. If that would overwrite\n" +
          "anything of yours, nothing is changed.\n\n" +
          "Verifies the record first, and refuses to work while changes are staged. Git runs as in any fetch and checkout,\n" +
          "with your own hooks and settings. Works without a daemon. For another host it takes the work from there, and\n" +
          "the checkout is the one here.",
      )
      .option("--worktree", "also change your files by what the session had not committed")
      .option("--force", "set the branch to the session's commit even if it has other commits")
      .option("--json", "print a JSON object")
      .addHelpText("after", example("agentd apply e81234", "agentd apply --worktree --latest"))
      .action((session: string | undefined, options: ApplyOptions, self: Command) => {
        const named = namedSession(session, options, self);
        start((context) => applyWork(named, options, context));
      }),
};

async function applyWork(named: NamedSession, options: ApplyOptions, context: LocalContext): Promise<number> {
  if (context.elsewhere === undefined)
    return await applyHere(await readSessionWork(named, "apply the work of", context), options, context);
  const fetched = await context.elsewhere.fetch([
    "__work",
    ...(named === undefined ? ["--latest"] : ["--", named]),
  ]);
  if (typeof fetched === "number") return fetched;
  try {
    const work = await readCarriedWork(fetched.directory);
    for (const notice of work.notices) await say(context, notice);
    return await applyHere(work, options, context);
  } finally {
    await fetched.release();
  }
}

async function applyHere(work: SessionWork, options: ApplyOptions, context: LocalContext): Promise<number> {
  const { stdout, stderr, installation } = context;
  const tried = `apply the work of session ${work.id}`;
  const checkout = await checkoutHere(tried, installation.host.env);
  await stderr.status("agentd: fetching the commits");
  const fetched = await fetchCommits(work, checkout, { tried, force: options.force === true });
  await stderr.status("agentd: changing the files");
  const rest = options.worktree === true ? await applyRest(work, fetched, checkout, tried) : undefined;
  await stderr.clearStatus();
  for (const { what, why } of fetched.refused)
    await say(context, `${printable(what)} was not fetched: ${printable(why)}`);
  if (options.json === true) await stdout.json(jsonOf(work, fetched, rest));
  else await stdout.lines(textOf(work, fetched, rest));
  return 0;
}

function jsonOf({ id, summary }: SessionWork, fetched: Fetched, rest: AppliedRest | undefined) {
  const { branch, head, commits, refs, refused } = fetched;
  return {
    session_id: id,
    base: summary.base,
    branch: branch ?? null,
    head,
    commits,
    refs: Array.from(refs, ([name, commit]) => ({ name: shown(name), commit })),
    refused,
    worktree:
      rest === undefined
        ? null
        : { files: rest.files, switched_to: rest.switchedTo ?? null, already_there: rest.isThere },
  };
}

function textOf(
  { id, summary }: SessionWork,
  { branch, head, commits, refs }: Fetched,
  rest: AppliedRest | undefined,
): string[] {
  const base = summary.base?.slice(0, SHORT_ID);
  const others = [...refs.keys()].map((name) => `fetched ${printable(shown(name))}`);
  const after = base === undefined ? "" : ` after ${base}`;
  const range = base === undefined ? branch : `${base}..${branch}`;
  const lines =
    branch === undefined
      ? [`session ${id} has no commits on its HEAD`]
      : [`branch ${branch} is at ${head?.slice(0, SHORT_ID)}, ${countText(commits, "commit")}${after}`];
  const isMerged = branch === undefined || rest?.switchedTo !== undefined;
  const advice = isMerged
    ? []
    : [
        `look at it with  git log -p ${range}`,
        `merge it with    git merge ${branch}`,
        `or pick from it  git cherry-pick ${range}`,
      ];
  return [...lines, ...others, ...advice, ...restText(id, summary.uncommitted, rest)];
}

function restText(id: string, uncommitted: number | null, rest: AppliedRest | undefined): string[] {
  if (rest === undefined) {
    if (uncommitted === 0) return [];
    const what = uncommitted === null ? "uncommitted changes" : countText(uncommitted, "uncommitted file");
    return [`for its ${what} run  agentd apply --worktree ${id}`];
  }
  const { files, switchedTo, isThere } = rest;
  const switched =
    switchedTo === undefined ? [] : [`checked out branch ${switchedTo}; go back with  git switch -`];
  if (files === 0) return [...switched, "the session left nothing uncommitted"];
  const verb = isThere ? "already has" : "now has";
  return [
    ...switched,
    `your working tree ${verb} its ${countText(files, "uncommitted file")}; see  git status`,
  ];
}

/** How much of a commit's id is shown. */
const SHORT_ID = 12;

/** A ref's name as text: one character of it stands for one byte. */
function shown(name: string): string {
  return Buffer.from(name, "latin1").toString("utf8");
}
