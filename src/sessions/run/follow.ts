import { type Ending, isOwnFailure } from "../../outcome.ts";
import type { SessionParts } from "../parts/session-parts.ts";
import type { CommandEnd } from "../port/executor.ts";
import { isPlaced } from "../state/plan.ts";
import { watchDeadline, watchPauses } from "./deadline.ts";
import { passesOutputLimit } from "./output-limit.ts";
import { becomesFull, FULL_DISK_WARNING, isDiskFull } from "./output-loss.ts";
import { wake } from "./pause.ts";
import { peakFields } from "./peak-fields.ts";
import { supervise } from "./supervise.ts";
import { lookAtEnd, watchDiskUse } from "./watch-disk-use.ts";
import { watchStall } from "./watch-stall.ts";

/** A command that is followed to its end. */
export interface Followed {
  /**
   * To be called when the gate opens, before the launcher gets its first byte: the session's time counts from there,
   * whether or not the image's shell reads what it gets.
   *
   * @param uptimeMs what `Clock.uptime` showed then.
   */
  readonly gateOpened: (uptimeMs: number) => void;
  /** Settles when the command has ended; rejects with the reason of `signal`. */
  readonly ended: Promise<CommandEnd>;
  /** Ends the following, not the command. */
  readonly signal: AbortSignal;
}

/**
 * Follows a command from its gate to its end, and ends it when its time is up or it prints too much.
 *
 * @param letGo starts the command.
 * @throws what `letGo` throws; the reason of `leaving`.
 */
export async function follow(
  parts: SessionParts,
  ref: string,
  letGo: (followed: Followed) => Promise<void>,
): Promise<Ending> {
  const { host, orders } = parts;
  const { executor, prepareSeal, prepareExport, failpoints } = host;
  const over = new AbortController();
  const signal = AbortSignal.any([over.signal, parts.leaving]);
  const ended = executor.wait(ref, { signal, isOrdered: () => orders.taken !== undefined });
  // Whoever waits for it hears of it; it may be aborted before anybody does.
  ended.catch(() => undefined);
  const peaks = executor.peaks(ref, { signal });
  try {
    if (!isPlaced(parts.plan)) watchOutput(parts, signal);
    watchDisk(parts, signal);
    watchPauses(parts, signal);
    const gateOpened = (uptimeMs: number): void => {
      // Where it runs, another agentd does that.
      if (isPlaced(parts.plan)) return;
      watchDeadline(parts, uptimeMs, signal);
      watchStall(parts, ref, signal);
      watchDiskUse(parts, ref, signal);
    };
    await letGo({ gateOpened, ended, signal });
    parts.live.begin(ref, signal);
    await parts.standing.settleInTime(signal);
    await failpoints.reach("handed_over_journaled");
    prepareSeal();
    await failpoints.reach("supervising");
    const seen = await supervise({
      ...{ ref, executor, clock: host.clock, ended, orders },
      wake: () => wake(parts, signal),
    });
    prepareExport();
    const end = await explained(parts, seen);
    over.abort();
    await lookAtEnd(parts, ref);
    // Before anything is removed that takes room on that disk.
    if (await isDiskFull(parts.record.consoleLogPath)) noteFullDisk(parts);
    await parts.record.update(peakFields(await peaks, end, parts.plan.profile), { persist: false });
    await noteWhatWasTold(parts, await ended);
    await failpoints.reach("exit_seen");
    return end;
  } finally {
    over.abort();
  }
}

/** Another agentd has run it: what it has found out is as good as what this one finds. */
async function noteWhatWasTold({ standing }: SessionParts, end: CommandEnd): Promise<void> {
  if (end.kind !== "told") return;
  await standing.found("node_record", { ...end.fields, warnings: end.warnings }, end.fields);
}

/** Some agents end themselves when they are refused, before the gateway says that they have to. */
async function explained({ host, job, plan, orders }: SessionParts, end: Ending): Promise<Ending> {
  if (orders.taken !== undefined || isPlaced(plan) || !isOwnFailure(end)) return end;
  const reason = await host.executor.reasonOfFailure(job);
  return reason === undefined ? end : { ...end, ...reason };
}

function watchOutput({ host, plan, record, orders, log }: SessionParts, signal: AbortSignal): void {
  const { clock } = host;
  const { logLimitBytes } = plan;
  const ended = async (): Promise<void> => {
    if (!(await passesOutputLimit(record.consoleLogPath, logLimitBytes, { clock, signal }))) return;
    const cause = `printed more than daemon.log_limit allows (${logLimitBytes} bytes)`;
    // Without grace, in which it would go on printing.
    await orders.give({ outcome: "output_limit_exceeded", cause, graceMs: 0 });
  };
  ended().catch((error: unknown) =>
    log.error({ error }, "cannot watch the output, or cannot journal its limit"),
  );
}

function watchDisk(parts: SessionParts, signal: AbortSignal): void {
  const { host, record, standing, log } = parts;
  const seen = async (): Promise<void> => {
    if (!(await becomesFull(record.consoleLogPath, { clock: host.clock, signal }))) return;
    noteFullDisk(parts);
    await standing.settleInTime(signal);
  };
  seen().catch((error: unknown) => log.error({ error }, "cannot watch the disk of the record"));
}

/** The line is owed: on a full disk it cannot be written. */
function noteFullDisk({ record, standing, log }: SessionParts): void {
  if (record.document.output_lost === true) return;
  const warnings = [FULL_DISK_WARNING];
  standing.oweLine("disk_full", { warnings });
  void record.update(
    { output_lost: true, warnings: [...record.document.warnings, ...warnings] },
    { persist: false },
  );
  log.warn("the disk of the record is full, and output of the session may be lost");
}
