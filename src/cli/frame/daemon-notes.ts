/** Notes about the daemon for commands that use it. */
import type { Caller } from "../../rpc/client.ts";
import { printable } from "../terminal/printable.ts";
import { changedFiles } from "../words/changed-files.ts";
import { type CliContext, say } from "./context.ts";

/**
 * Prints to standard error, one line each, if files changed since the daemon read them, and if the daemon has
 * another version. Never throws: a failure here must not stop the command.
 */
export async function tellDaemonNotes(
  client: Caller,
  context: Pick<CliContext, "stderr" | "version">,
  signal?: AbortSignal,
): Promise<void> {
  const status = await client.call("status", {}, { signal }).catch(() => undefined);
  if (status === undefined) return;
  const files = changedFiles(status).map(printable).join(" and ");
  if (files !== "") {
    await say(context, `${files} changed since the daemon read it: apply the change with \`agentd reload\``);
  }
  if (status.version !== context.version) {
    await say(
      context,
      `the daemon is agentd ${printable(status.version)}, and this is agentd ${context.version}: restart the daemon`,
    );
  }
}
