import type { CommandEnd, CommandOfJob, HandOver } from "../sessions/port/executor.ts";
import { LaunchError } from "../sessions/port/launch-stage.ts";
import { sleepUntil } from "../sessions/port/sleep.ts";
import { handedOver, payloadOf } from "./handed-over.ts";
import type { LocalParts } from "./parts.ts";

const LOOK_INTERVAL_MS = 50;

/** What a second hand-over needs. */
export interface HandOverAgain extends Pick<LocalParts, "engine" | "credentials" | "network" | "clock"> {
  readonly job: CommandOfJob;
  readonly containerId: string;
  readonly ended: Promise<CommandEnd>;
  readonly signal: AbortSignal;
}

/**
 * Brings a hand-over to its end after which nothing was journaled. The launcher may still wait, may be in the middle of
 * what the dead daemon wrote, or may have become the command.
 *
 * @throws LaunchError of stage `credentials` when it still waits and they cannot be resolved any more; of stage `start`
 * when it goes away while it reads; the signal's reason.
 */
export async function handOverAgain(context: HandOverAgain): Promise<HandOver> {
  const { credentials, job, ended, signal } = context;
  const gate = await credentials.renewGate(job.sessionId);
  if (gate === undefined) return "found";
  const over = new AbortController();
  const settled = Promise.race([
    ended.then((end): HandOver => (end.kind === "exited" && end.isCommands ? "found" : "unknown")),
    becomesCommand(context, over.signal),
  ]);
  const stopWaiting = (): void => over.abort();
  settled.then(stopWaiting, stopWaiting);
  const values = resolveNow(context);
  try {
    // Where there are no values, nothing of it is handed over.
    const payload = await payloadOf(job, values instanceof LaunchError ? new Map() : values);
    await gate.open(payload, {
      signal: AbortSignal.any([signal, over.signal]),
      // Only now: a launcher that has everything needs no credentials.
      onFirstByte: () =>
        values instanceof LaunchError ? Promise.reject(values) : credentials.remember(job, values),
    });
    return "again";
  } catch (error) {
    signal.throwIfAborted();
    const how = over.signal.aborted ? await settled : undefined;
    if (how !== undefined) return how;
    throw error instanceof LaunchError ? error : new LaunchError("start", error);
  } finally {
    over.abort();
  }
}

function resolveNow(context: HandOverAgain): ReadonlyMap<string, string> | LaunchError {
  try {
    return handedOver(context, context.job);
  } catch (error) {
    return new LaunchError("credentials", error);
  }
}

/** Resolves once something else runs in the launcher's place; with undefined when the signal comes first. */
async function becomesCommand(
  { engine, credentials, clock, job, containerId }: HandOverAgain,
  signal: AbortSignal,
): Promise<HandOver | undefined> {
  const launcher = credentials.launcherEndings(await job.command());
  do {
    // An engine that does not answer is asked again.
    const found = await engine.findCommand(containerId, launcher).catch(() => "none");
    if (found === "other") return "found";
  } while (await sleepUntil(clock.monotonic() + LOOK_INTERVAL_MS, { clock, signal }));
  return undefined;
}
