/**
 * Follows a session to its end: prints its output and passes Ctrl-C on to it.
 */
import { sentence } from "../../errors.ts";
import type { ConsoleStream } from "../../podman/console-log.ts";
import type { PersistentClient } from "../../rpc/persistent-client.ts";
import type { SessionView } from "../../session-document.ts";
import { consoleLogOf, followConsoleLog } from "../console/follow.ts";
import { type CliContext, say } from "../frame/context.ts";
import { fingerprintsNow } from "../frame/fingerprints.ts";
import { type RecordHere, withRecordHere } from "../frame/record-here.ts";
import { sessionEnd } from "../frame/session-end.ts";
import type { SessionOutput } from "../terminal/session-output.ts";
import { watchEnd } from "./end-watch.ts";
import type { Interrupts } from "./interrupts.ts";
import { Progress } from "./progress.ts";
import { SessionWatch } from "./session-watch.ts";

export interface Attendance {
  readonly client: PersistentClient;
  readonly session: SessionView;
  readonly outputs: Readonly<Record<ConsoleStream, SessionOutput>>;
  /** Whether the output is printed as the record has it. */
  readonly raw: boolean;
  /** The first Ctrl-C asks the session to stop, the second leaves it running. */
  readonly interrupts: Interrupts;
}

/** @returns the sealed session; undefined when the operator left before its end. */
export async function attend(attendance: Attendance, context: CliContext): Promise<SessionView | undefined> {
  return await withRecordHere(attendance, context, (here) => attendWith(here, attendance, context));
}

async function attendWith(
  here: RecordHere,
  attendance: Attendance,
  context: CliContext,
): Promise<SessionView | undefined> {
  const { client, session, outputs, interrupts } = attendance;
  const ended = new AbortController();
  const { session_id: id } = session;
  const over = AbortSignal.any([ended.signal, interrupts.second]);
  const watch = new SessionWatch(client, id, over);
  const latest = (): SessionView | undefined => watch.latest;
  const progress = new Progress({ latest, terminal: context.stderr, now: context.now });
  let stopped = Promise.resolve();
  const askToStop = (): void => void (stopped = stop(attendance, context));
  if (interrupts.first.aborted) askToStop();
  else interrupts.first.addEventListener("abort", askToStop, { once: true });
  here.follow(over);
  const end = endWithItsLog(sessionEnd(client, id, { signal: interrupts.second }), here).finally(() =>
    ended.abort(),
  );
  const log = followConsoleLog(consoleLogOf(here.directory), {
    fingerprints: async () => (attendance.raw ? undefined : await fingerprintsNow(client, session)),
    outputs: { stdout: progress.before(outputs.stdout), stderr: progress.before(outputs.stderr) },
    ended: ended.signal,
    abandoned: interrupts.second,
  });
  const watched = watchEnd(latest, context, over);
  const [sealed, followed] = await Promise.allSettled([end, log, watched]);
  await progress.end();
  await stopped;
  await Promise.all([outputs.stdout.end(), outputs.stderr.end()]);
  if (interrupts.second.aborted) return undefined;
  if (sealed.status === "rejected") throw sealed.reason;
  if (followed.status === "rejected") throw followed.reason;
  return sealed.value;
}

/** The end of a session, once all of its log can be read. */
export async function endWithItsLog(end: Promise<SessionView>, here: RecordHere): Promise<SessionView> {
  const sealed = await end;
  await here.update();
  return sealed;
}

async function stop(
  { client, session: { session_id: session }, interrupts }: Attendance,
  context: CliContext,
): Promise<void> {
  const { second } = interrupts;
  const what = client.isAway
    ? `session ${session} will be told to stop when the daemon is back; press Ctrl-C again to leave it running`
    : `stopping session ${session}; press Ctrl-C again to leave it to the daemon`;
  await say(context, what);
  try {
    await client.call("stop", { session }, { signal: second });
  } catch (error) {
    const why = second.aborted ? "the daemon has not answered" : sentence(error);
    await say(context, `session ${session} was not told to stop: ${why}`);
  }
}
