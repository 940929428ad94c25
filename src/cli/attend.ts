/**
 * Stays with a session to its end: prints what it prints, and passes Ctrl-C on to it.
 */
import { sentence } from "../errors.ts";
import type { RpcClient } from "../rpc/client.ts";
import type { SessionView } from "../session-document.ts";
import { say, type CliContext } from "./context.ts";
import { consoleLogOf, followConsoleLog, type FollowOptions } from "./follow.ts";
import type { Interrupts } from "./interrupts.ts";
import { sessionEnd } from "./session-end.ts";

export interface Attendance {
  readonly client: RpcClient;
  readonly session: SessionView;
  readonly outputs: FollowOptions["outputs"];
  /** The first asks the session to stop, the second leaves it alone. */
  readonly interrupts: Interrupts;
}

/** @returns the sealed session; undefined when the operator left before its end. */
export async function attend(
  { client, session, outputs, interrupts }: Attendance,
  context: CliContext,
): Promise<SessionView | undefined> {
  const ended = new AbortController();
  const { session_id: id, record } = session;
  const askToStop = () => void stop(client, id, context);
  if (interrupts.first.aborted) askToStop();
  else interrupts.first.addEventListener("abort", askToStop, { once: true });
  const end = sessionEnd(client, id, { signal: interrupts.second }).finally(() => ended.abort());
  const log = followConsoleLog(consoleLogOf(record), {
    outputs,
    ended: ended.signal,
    abandoned: interrupts.second,
  });
  const [sealed, followed] = await Promise.allSettled([end, log]);
  if (interrupts.second.aborted) return undefined;
  if (sealed.status === "rejected") throw sealed.reason;
  if (followed.status === "rejected") throw followed.reason;
  return sealed.value;
}

async function stop(client: RpcClient, session: string, context: CliContext): Promise<void> {
  await say(context, `stopping session ${session}; Ctrl-C again leaves it to the daemon`);
  try {
    await client.call("stop", { session });
  } catch (error) {
    await say(context, `session ${session} was not told to stop: ${sentence(error)}`);
  }
}
