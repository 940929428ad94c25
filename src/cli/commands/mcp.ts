import { AgentdError } from "../../errors.ts";
import type { McpHost } from "../../mcp/host.ts";
import type { SessionView } from "../../session-document.ts";
import { consoleLogOf, followConsoleLog } from "../console/follow.ts";
import { collectOption } from "../frame/arguments.ts";
import { type CommandDefinition, example, FAULTS } from "../frame/command.ts";
import { type LocalContext, withClient } from "../frame/context.ts";
import { fingerprintsNow } from "../frame/fingerprints.ts";

interface McpOptions {
  readonly profile?: readonly string[];
  readonly allProfiles?: true;
  readonly readOnly?: true;
}

/** `agentd mcp`: a server of the Model Context Protocol. */
export const mcp: CommandDefinition<LocalContext> = {
  name: "mcp",
  faults: FAULTS,
  define: (command, start) =>
    command
      .summary("serve sessions to an agent or editor by MCP")
      .description(
        "Serves the Model Context Protocol on standard input and output: tools that start, follow, read and stop sessions\n" +
          "of the profiles that are named, and of no others. A client such as Claude Code or Codex starts it.",
      )
      .option(
        "--profile <profile>",
        "a profile whose sessions are shown, started and stopped; repeatable",
        collectOption,
      )
      .option("--all-profiles", "instead: all profiles")
      .option("--read-only", "start and stop nothing")
      .addHelpText(
        "after",
        example(
          "agentd mcp --profile site-builder",
          "claude mcp add agentd -- agentd mcp --profile site-builder",
          "codex mcp add agentd -- agentd mcp --profile site-builder --profile reviewer",
        ),
      )
      .action((options: McpOptions) => {
        start((context) => serve(options, context));
      }),
};

async function serve({ profile, allProfiles, readOnly }: McpOptions, context: LocalContext): Promise<number> {
  if ((profile === undefined) === (allProfiles === undefined)) {
    throw new AgentdError("usage", {
      tried: "serve sessions",
      why: "give either --profile, as often as there are profiles, or --all-profiles",
    });
  }
  await context.serveMcp({
    version: context.version,
    profiles: profile === undefined ? undefined : new Set(profile),
    isReadOnly: readOnly === true,
    now: context.now,
    newRequestId: context.newRequestId,
    withDaemon: (use) => withClient(context, use),
    readOutput: (session, take) => readOutput(session, take, context),
    verify: (id) => verify(id, context),
  });
  return 0;
}

async function readOutput(
  session: SessionView,
  take: Parameters<McpHost["readOutput"]>[1],
  context: LocalContext,
): Promise<void> {
  const outputOf = (stream: "stdout" | "stderr") => ({
    write: async (bytes: Buffer) => take(stream, bytes),
  });
  await followConsoleLog(consoleLogOf(session.record), {
    outputs: { stdout: outputOf("stdout"), stderr: outputOf("stderr") },
    fingerprints: () => withClient(context, (client) => fingerprintsNow(client, session)),
    ended: AbortSignal.abort(),
    abandoned: new AbortController().signal,
  });
}

async function verify(id: string, context: LocalContext): Promise<Readonly<Record<string, unknown>>> {
  const [{ findRecord }, { verifyRecord }, { readEvidence }] = await Promise.all([
    import("../../audit/read/find-record.ts"),
    import("../../audit/verify/verify.ts"),
    import("../../audit/chain/evidence.ts"),
  ]);
  const place = await findRecord(await context.auditRoot(), id);
  const verification = await verifyRecord(place, readEvidence(context.stateDirectory));
  return { session_id: place.id, record: place.directory, ...verification };
}
