/** Commands for a host whose `agentd web` is asked: they run here, and the daemon there answers. */
import { AgentdError } from "../errors.ts";
import type { RemoteHost } from "../remote/selection.ts";
import type { TypedCommand } from "./command-line.ts";
import type { CliContext } from "./frame/context.ts";
import type { CliHost } from "./run-command-line.ts";

/** Those that need nothing but the daemon's answers. */
const COMMANDS = [
  ...["run", "rerun", "ps", "show", "logs", "attach", "wait", "stop", "pause", "resume", "top", "stats"],
  ...["audit ls", "audit show"],
  ...["diff", "events", "status", "profiles", "reload", "notify ls", "notify test"],
  ...["schedule", "schedule ls", "schedule pause", "schedule resume", "schedule skip-next", "schedule fire"],
];

/** Whether a host is asked by HTTP. */
export function isWeb({ address }: RemoteHost): boolean {
  return address.startsWith("https://");
}

/**
 * The context of a command for such a host.
 *
 * @throws AgentdError `usage`, `token_unusable`, `permissions_unsafe`.
 */
export async function webContext(
  { name, words }: Pick<TypedCommand<never>, "name" | "words">,
  remote: RemoteHost,
  host: CliHost,
  basics: CliContext,
): Promise<CliContext> {
  requireServed(name, words, remote);
  const [{ WebClient }, { RecordMirror }, { readTokenFile }] = await Promise.all([
    import("../remote/web-client.ts"),
    import("../remote/record-mirror.ts"),
    import("../remote/token-file.ts"),
  ]);
  const { address: url, tokenFile = host.env["AGENTD_TOKEN_FILE"] } = remote;
  const token = await readTokenFile(tokenFile === "" ? undefined : tokenFile, url, host.uid);
  return {
    ...basics,
    connect: (signal) => WebClient.connect({ url, token }, { version: host.version, signal }),
    mirrors: (client, session, logEnd) => RecordMirror.make(client, session, logEnd),
  };
}

function requireServed(name: string, words: readonly string[], remote: RemoteHost): void {
  const tried = `run \`agentd ${name}\` for ${remote.name}`;
  if (!COMMANDS.includes(name)) {
    throw new AgentdError("usage", {
      tried,
      why: "it needs more of the host than the HTTP API gives",
      next: "Use the host by ssh: `agentd --host ssh://me@server …`.",
    });
  }
  if (words.includes("--raw")) {
    throw new AgentdError("usage", {
      tried,
      why: "values of credentials do not leave the host, so there is no --raw",
      next: "Use the host by ssh: `agentd --host ssh://me@server …`.",
    });
  }
}
