/** The record of a session, where a command can read it: its own directory, or what is brought from another host. */
import type { LogEnd } from "../../remote/record-mirror.ts";
import type { Caller } from "../../rpc/client.ts";
import type { SessionView } from "../../session-document.ts";
import type { CliContext } from "./context.ts";

export interface RecordHere {
  readonly directory: string;
  /** Resolves once all that its log has by now is here. */
  readonly update: () => Promise<void>;
  /** Keeps its log up to date until the signal aborts. */
  readonly follow: (signal: AbortSignal) => void;
  /** Brings another file; resolves to whether there is one. */
  readonly bring: (path: string) => Promise<boolean>;
}

/** @param logEnd what is wanted of the log at least; default: all. */
export async function withRecordHere<T>(
  {
    client,
    session,
    logEnd,
  }: { readonly client: Caller; readonly session: SessionView; readonly logEnd?: LogEnd | undefined },
  { mirrors }: Pick<CliContext, "mirrors">,
  use: (here: RecordHere) => Promise<T>,
): Promise<T> {
  if (mirrors === undefined) {
    const nothing = (): Promise<void> => Promise.resolve();
    const bring = (): Promise<boolean> => Promise.resolve(true);
    return await use({ directory: session.record, update: nothing, follow: () => undefined, bring });
  }
  const mirror = await mirrors(client, session.session_id, logEnd);
  let following = Promise.resolve();
  const ended = new AbortController();
  try {
    return await use({
      directory: mirror.directory,
      update: () => mirror.update(),
      follow: (signal) => void (following = mirror.follow(AbortSignal.any([signal, ended.signal]))),
      bring: (path) => mirror.bring(path),
    });
  } finally {
    ended.abort();
    await following;
    await mirror.remove();
  }
}
