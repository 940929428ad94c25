import { copyFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import { type CommandDefinition, example, FAULTS } from "../frame/command.ts";
import { type Elsewhere, type LocalContext, say } from "../frame/context.ts";
import { recordOf } from "../frame/record-argument.ts";
import {
  type LatestOption,
  type NamedSession,
  namedSession,
  takingSession,
} from "../frame/session-argument.ts";
import { printable } from "../terminal/printable.ts";

interface ExportOptions extends LatestOption {
  readonly output?: string;
}

/** `agentd audit export`: one archive that anyone can verify. */
export const auditExport: CommandDefinition<LocalContext> = {
  name: "audit export",
  faults: FAULTS,
  place: "fetched",
  define: (command, start) =>
    takingSession(command)
      .summary("write an archive that anyone can verify")
      .description(
        "Writes a sealed record, the public keys, its part of the chain and a README on how to verify it " +
          "with sha256sum, openssl or cosign to one .tar.gz. Verifies the record first. Works without a daemon.",
      )
      .option(
        "-o, --output <file>",
        "the archive (default: ./agentd-SESSION.tar.gz); an existing file is replaced",
      )
      .addHelpText("after", example("agentd audit export e81234 -o evidence.tar.gz"))
      .action((session: string | undefined, options: ExportOptions, self: Command) => {
        const named = namedSession(session, options, self);
        start((context) => exportSession(named, options, context));
      }),
};

async function exportSession(
  session: NamedSession,
  options: ExportOptions,
  context: LocalContext,
): Promise<number> {
  if (context.elsewhere !== undefined) return await exportFrom(context.elsewhere, session, options, context);
  const [{ exportRecord }, { readEvidence }] = await Promise.all([
    import("../../audit/upkeep/export.ts"),
    import("../../audit/chain/evidence.ts"),
  ]);
  const place = await recordOf(session, context);
  const output = options.output ?? `agentd-${place.id}.tar.gz`;
  await exportRecord(place, output, readEvidence(context.stateDirectory));
  await say(context, `session ${place.id} exported to ${printable(output)}`);
  return 0;
}

/** The archive is made on the other host and brought here. */
async function exportFrom(
  elsewhere: Elsewhere,
  session: NamedSession,
  options: ExportOptions,
  context: LocalContext,
): Promise<number> {
  const fetched = await elsewhere.fetch(["audit", "export", session === undefined ? "--latest" : session]);
  if (typeof fetched === "number") return fetched;
  try {
    const [name = ""] = await readdir(fetched.directory);
    const output = options.output ?? name;
    const { placeArchive } = await import("../../audit/upkeep/export.ts");
    await placeArchive(output, (partial) => copyFile(join(fetched.directory, name), partial));
    await say(context, `${name} exported to ${printable(output)}`);
  } finally {
    await fetched.release();
  }
  return 0;
}
