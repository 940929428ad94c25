/** What somebody who asks a daemon for something should know about it. */
import type { Caller } from "../../rpc/client.ts";
import { printable } from "../terminal/printable.ts";
import { changedFiles } from "../words/changed-files.ts";
import { type CliContext, say } from "./context.ts";

/**
 * Tells on standard error, a line for each, when the daemon goes by files that have changed since, and when it is of
 * another version. Never throws: it is no reason to give up what was asked for.
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
    await say(
      context,
      `${files} changed since the daemon read it: \`agentd reload\` puts the change into effect`,
    );
  }
  if (status.version !== context.version) {
    await say(
      context,
      `the daemon is agentd ${printable(status.version)}, and this is agentd ${context.version}: restart the daemon`,
    );
  }
}
