/** Bounds what a session has on the disk. */
import { sentence } from "../../errors.ts";
import type { SessionParts } from "../parts/session-parts.ts";
import type { DiskUse } from "../port/live-job.ts";
import { sleepUntil } from "../port/sleep.ts";

/** As much as a fast disk takes in a millisecond. */
const FASTEST_BYTES_PER_MS = 1_000_000;
const SHORTEST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 60_000;
/** A look reads every directory of the session, and may take this part of the time at most. */
const MOST_OF_THE_TIME = 0.05;

/**
 * Ends a running command when it has more on the disk than its profile allows, or makes a volume larger than its size. A later daemon
 * looks again.
 *
 * @param signal ends the watch.
 */
export function watchDiskUse(parts: SessionParts, ref: string, signal: AbortSignal): void {
  if (!isBounded(parts)) return;
  watch(parts, ref, signal).catch((error: unknown) =>
    parts.log.error({ error }, "cannot watch what the session has on the disk"),
  );
}

/** Looks once more when the command has ended, for the record. Does not reject. */
export async function lookAtEnd(parts: SessionParts, ref: string): Promise<void> {
  if (isBounded(parts)) await look(parts, ref);
}

function isBounded({ plan }: SessionParts): boolean {
  const { diskBytes, volumes } = plan.profile;
  return (
    diskBytes !== undefined ||
    volumes.some(({ mode, sizeBytes }) => mode === "exclusive" && sizeBytes !== undefined)
  );
}

/** Something that is bounded: what it has, and what it may have. */
interface Bounded {
  readonly bytes: number;
  readonly limitBytes: number;
  /** What has the bytes, and what bounds them. */
  readonly what: string;
  readonly limit: string;
}

/**
 * How long to wait between two looks: long where much is left, so that only a disk that is faster than most writes more than that
 * meanwhile; and long after a look that took long.
 *
 * @param tookMs how long the last look took.
 */
export function pauseMs(leftBytes: number, tookMs: number): number {
  const byRoom = Math.min(Math.max(leftBytes / FASTEST_BYTES_PER_MS, SHORTEST_PAUSE_MS), LONGEST_PAUSE_MS);
  return Math.max(byRoom, tookMs / MOST_OF_THE_TIME - tookMs);
}

async function watch(parts: SessionParts, ref: string, signal: AbortSignal): Promise<void> {
  const { clock, failpoints } = parts.host;
  let pause: number;
  do {
    const beganMs = clock.monotonic();
    const used = await look(parts, ref);
    if (signal.aborted) return;
    const bounded = used === undefined ? [] : boundedOf(used, parts.plan.profile.diskBytes);
    const over = bounded.find(({ bytes, limitBytes }) => bytes > limitBytes);
    if (over !== undefined) {
      await failpoints.reach("disk_exceeded");
      const cause = `${over.what} ${over.bytes} bytes on the disk, more than ${over.limit} allows (${over.limitBytes} bytes)`;
      // Without grace, in which it would go on writing.
      await parts.orders.give({ outcome: "disk_limit_exceeded", cause, graceMs: 0 });
      return;
    }
    const left = Math.min(...bounded.map(({ bytes, limitBytes }) => limitBytes - bytes));
    pause = pauseMs(left, clock.monotonic() - beganMs);
  } while (await sleepUntil(clock.monotonic() + pause, { clock, signal }));
}

function boundedOf({ bytes, volumes }: DiskUse, limitBytes: number | undefined): Bounded[] {
  const own =
    limitBytes === undefined ? [] : [{ bytes, limitBytes, what: "has", limit: "the profile's disk" }];
  return [
    ...own,
    ...volumes.map(({ id, ...each }) => ({ ...each, what: `made volume ${id} have`, limit: "its size" })),
  ];
}

/** Takes down what there is; undefined when it cannot be measured, which the record says once. */
async function look(parts: SessionParts, ref: string): Promise<DiskUse | undefined> {
  const { host, plan, job, record, live } = parts;
  try {
    const used = await host.executor.diskUse(job, ref);
    if (plan.profile.diskBytes !== undefined) {
      live.diskBytes = used.bytes;
      const peak = Math.max(used.bytes, record.document.peak_disk_bytes ?? 0);
      await record.update({ peak_disk_bytes: peak }, { persist: false });
    }
    return used;
  } catch (error) {
    await noteUnmeasured(parts, error);
    return undefined;
  }
}

const UNMEASURED = "What the session had on the disk could not be measured at every look";

async function noteUnmeasured(
  { record, standing, leaving, log }: SessionParts,
  error: unknown,
): Promise<void> {
  log.warn({ error }, "cannot measure what the session has on the disk");
  if (record.document.warnings.some((warning) => warning.startsWith(UNMEASURED))) return;
  const warnings = [`${UNMEASURED}: ${sentence(error)}`];
  await record.update({ warnings: [...record.document.warnings, ...warnings] }, { persist: false });
  standing.oweLine("disk_unmeasured", { warnings });
  void standing.settleInTime(leaving);
}
