import type { Command } from "commander";
import type { Verdict } from "../../audit/verify/verification.ts";
import type { VerificationOfAll, VerifiedRecord } from "../../audit/verify/verify-all.ts";
import { AgentdError } from "../../errors.ts";
import { type CommandDefinition, example, FAULTS } from "../frame/command.ts";
import type { LocalContext } from "../frame/context.ts";
import { CountedProgress } from "../frame/counted-progress.ts";
import { recordOf } from "../frame/record-argument.ts";
import {
  type LatestOption,
  type NamedSession,
  namedSession,
  takingSession,
} from "../frame/session-argument.ts";
import { allVerifiedText, verifiedText } from "../words/verification-text.ts";

interface VerifyOptions extends LatestOption {
  readonly all?: true;
  readonly head?: string;
  readonly progress?: true;
  readonly json?: true;
}

/** Exit codes. A fault is 1 too: a record that cannot be checked is not verified. */
const EXIT_CODES: Readonly<Record<Verdict, number>> = {
  verified: 0,
  altered: 1,
  incomplete: 3,
  unknown_key: 4,
};

const DIGEST = /^(?:sha256:)?([0-9a-f]{64})$/;

/** `agentd audit verify`: whether records are unchanged since they were sealed. */
export const auditVerify: CommandDefinition<LocalContext> = {
  name: "audit verify",
  faults: FAULTS,
  define: (command, start) =>
    takingSession(command)
      .summary("verify that records are unchanged since they were sealed")
      .description(
        "Checks every file against SHA256SUMS, the sums against the signed statement, and the statement against this " +
          "instance's keys and chain. Finds files and statements that were changed, removed, added, reordered or rolled back. " +
          "Works without a daemon.\n\n" +
          "Exits 0 if everything is verified, 1 if something was altered or is missing, 3 if a record is incomplete " +
          "(its session is open or was cut short), 4 if the signing key is unknown, 2 for a wrong command line.",
      )
      .option("--all", "verify every record, and the chain that connects them")
      .option(
        "--head <digest>",
        "with --all: the digest of a statement, noted elsewhere, that the chain must contain",
      )
      .option("--progress", "with --all: print lines such as `10 of 200` to standard error, for programs")
      .option("--json", "print a JSON object")
      .addHelpText("after", example("agentd audit verify e81234", "agentd audit verify --all"))
      .action((session: string | undefined, options: VerifyOptions, self: Command) => {
        if (session === undefined && options.latest !== true) {
          start((context) => verifyEvery(options, context));
          return;
        }
        const named = namedSession(session, options, self);
        start((context) => verifyOne(requireAlone(named, options), options, context));
      }),
};

async function verifyOne(
  session: NamedSession,
  options: VerifyOptions,
  context: LocalContext,
): Promise<number> {
  const [{ verifyRecord }, { readEvidence }] = await Promise.all([
    import("../../audit/verify/verify.ts"),
    import("../../audit/chain/evidence.ts"),
  ]);
  const place = await recordOf(session, context);
  const verification = await verifyRecord(place, readEvidence(context.stateDirectory));
  const record: VerifiedRecord = { session_id: place.id, record: place.directory, ...verification };
  if (options.json === true) await context.stdout.json(record);
  else await context.stdout.line(verifiedText(record));
  return EXIT_CODES[record.status];
}

async function verifyEvery(options: VerifyOptions, context: LocalContext): Promise<number> {
  if (options.all !== true) throw usage("no session, --latest or --all is given");
  const { verifyAll } = await import("../../audit/verify/verify-all.ts");
  const progress = new CountedProgress(context, "records verified");
  const all: VerificationOfAll = await verifyAll({
    auditRoot: await context.auditRoot(),
    stateDirectory: context.stateDirectory,
    head: digestOf(options.head),
    onProgress: async (done, count) => {
      if (options.progress === true) await context.stderr.line(`${done} of ${count}`);
      else await progress.show(done, count);
    },
  });
  await progress.end();
  if (options.json === true) await context.stdout.json(all);
  else await context.stdout.line(allVerifiedText(all));
  return EXIT_CODES[all.status];
}

function requireAlone(session: NamedSession, { all, head, progress }: VerifyOptions): NamedSession {
  if (all === true || head !== undefined || progress === true)
    throw usage("--all, --head and --progress cannot be combined with a session");
  return session;
}

function digestOf(head: string | undefined): string | undefined {
  if (head === undefined) return undefined;
  const [, digest] = DIGEST.exec(head) ?? [];
  if (digest === undefined) throw usage(`${JSON.stringify(head)} is not a SHA-256 in hex`);
  return digest;
}

function usage(why: string): AgentdError {
  return new AgentdError("usage", {
    tried: "verify",
    why,
    next: "Name a session, or give --all; see `agentd audit verify --help`.",
  });
}
