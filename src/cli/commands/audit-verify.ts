import type { Verification } from "../../audit/verify.ts";
import { example, FAULTS, type CommandDefinition } from "../command.ts";
import type { LocalContext } from "../context.ts";
import { printable } from "../printable.ts";

interface VerifyOptions {
  readonly json?: true;
}

/** What `--json` prints. */
interface VerifiedRecord extends Verification {
  readonly session_id: string;
  readonly record: string;
}

/** `agentd audit verify`: whether a record is what was sealed. */
export const auditVerify: CommandDefinition<LocalContext> = {
  name: "audit verify",
  faults: FAULTS,
  define: (command, start) =>
    command
      .summary("check a record against its seal")
      .description(
        "Checks that a record is what was sealed: every file against SHA256SUMS, nothing missing, nothing added.\n" +
          "Works without a daemon. Exits 0 only if the record is verified.",
      )
      .argument("<session>", "id of the session, or an unambiguous beginning of it")
      .option("--json", "print a JSON object")
      .addHelpText("after", example("agentd audit verify 0198f2"))
      .action((session: string, options: VerifyOptions) => {
        start((context) => verify(session, options, context));
      }),
};

async function verify(session: string, options: VerifyOptions, context: LocalContext): Promise<number> {
  const [{ findRecord }, { verifyRecord }] = await Promise.all([
    import("../../audit/query.ts"),
    import("../../audit/verify.ts"),
  ]);
  const { id, directory } = await findRecord(await context.auditRoot(), session);
  const record: VerifiedRecord = { session_id: id, record: directory, ...(await verifyRecord(directory)) };
  if (options.json === true) await context.stdout.json(record);
  else await context.stdout.line(verdictText(record));
  return record.status === "verified" ? 0 : 1;
}

function verdictText({ session_id: id, record, status, files, problems }: VerifiedRecord): string {
  const covered = status === "verified" ? `, ${files} ${files === 1 ? "file" : "files"}` : "";
  const verdict = `${status}: session ${id}${covered}, ${printable(record)}`;
  return [verdict, ...problems.map(({ path, problem }) => `  ${path}: ${printable(problem)}`)].join("\n");
}
