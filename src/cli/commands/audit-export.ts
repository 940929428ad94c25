import { example, FAULTS, type CommandDefinition } from "../command.ts";
import { say, type LocalContext } from "../context.ts";
import { printable } from "../printable.ts";

interface ExportOptions {
  readonly output?: string;
}

/** `agentd audit export`: one archive that a stranger can check. */
export const auditExport: CommandDefinition<LocalContext> = {
  name: "audit export",
  faults: FAULTS,
  define: (command, start) =>
    command
      .summary("write an archive that a stranger can check")
      .description(
        "Writes a sealed record, the public keys, its part of the chain and a README that says how to check it " +
          "with sha256sum, openssl or cosign, as one .tar.gz. The record is verified first. Works without a daemon.",
      )
      .argument("<session>", "id of the session, or an unambiguous beginning of it")
      .option(
        "-o, --output <file>",
        "where to (default: agentd-SESSION.tar.gz here); an existing file is replaced",
      )
      .addHelpText("after", example("agentd audit export 0198f2 -o evidence.tar.gz"))
      .action((session: string, options: ExportOptions) => {
        start((context) => exportSession(session, options, context));
      }),
};

async function exportSession(
  session: string,
  options: ExportOptions,
  context: LocalContext,
): Promise<number> {
  const [{ findRecord }, { exportRecord }, { readEvidence }] = await Promise.all([
    import("../../audit/query.ts"),
    import("../../audit/export.ts"),
    import("../../audit/evidence.ts"),
  ]);
  const place = await findRecord(await context.auditRoot(), session);
  const output = options.output ?? `agentd-${place.id}.tar.gz`;
  await exportRecord(place, output, readEvidence(context.stateDirectory));
  await say(context, `session ${place.id} exported to ${printable(output)}`);
  return 0;
}
