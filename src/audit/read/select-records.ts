/** Choosing records by their names alone, which say the profile and, as part of the id, the time. */
import { join } from "node:path";
import { firstIdAt } from "../format/session-id.ts";
import type { RecordPlace } from "./query.ts";
import { namesIn, readRecordNames, type RecordNames } from "./record-names.ts";

/** Which records are wanted; a missing field selects all. */
export interface RecordFilter {
  /** Only those of this profile. */
  readonly profile?: string | undefined;
  /** Only sessions that were accepted at this instant or later, in milliseconds since the epoch. */
  readonly sinceMs?: number | undefined;
  /** Only sessions that were accepted at this instant or earlier. */
  readonly untilMs?: number | undefined;
}

/** The records that match a filter. */
export interface Selection {
  readonly total: number;
  /** The newest first. Records that are not asked for are not read. */
  readonly newestFirst: () => Generator<RecordPlace, void, undefined>;
}

/** Sorted ids of one profile, of which those before `end` are still to come. */
interface Run {
  readonly profile: string;
  readonly ids: readonly string[];
  readonly start: number;
  end: number;
}

/** @param names how to get the names; default: from the disk. */
export async function selectRecords(
  auditRoot: string,
  filter: RecordFilter = {},
  names: RecordNames = readRecordNames,
): Promise<Selection> {
  const { profile: wanted } = filter;
  // Only existing names: a profile's name may come from any client, and be a path.
  const profiles = (await namesIn(auditRoot)).filter((name) => wanted === undefined || name === wanted);
  const runs = await Promise.all(
    profiles.map(async (profile) => runOf(profile, await names(join(auditRoot, profile)), filter)),
  );
  return {
    total: runs.reduce((sum, { start, end }) => sum + end - start, 0),
    newestFirst: () => merged(auditRoot, runs),
  };
}

/** The newest records that match a filter, newest first. @param names as above. */
export async function listRecords(
  auditRoot: string,
  { limit, ...filter }: RecordFilter & { readonly limit: number },
  names: RecordNames = readRecordNames,
): Promise<RecordPlace[]> {
  const { total, newestFirst } = await selectRecords(auditRoot, filter, names);
  if (total <= limit) return [...newestFirst()];
  const places: RecordPlace[] = [];
  for (const place of newestFirst()) {
    if (places.push(place) === limit) break;
  }
  return places;
}

function runOf(profile: string, ids: readonly string[], { sinceMs, untilMs }: RecordFilter): Run {
  const start = sinceMs === undefined ? 0 : countBefore(ids, firstIdAt(sinceMs));
  const end = untilMs === undefined ? ids.length : countBefore(ids, firstIdAt(Math.floor(untilMs) + 1));
  return { profile, ids, start, end: Math.max(start, end) };
}

/** How many of the sorted ids come before the given one. */
function countBefore(ids: readonly string[], id: string): number {
  let low = 0;
  let high = ids.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ids[middle] ?? "") < id) low = middle + 1;
    else high = middle;
  }
  return low;
}

function* merged(auditRoot: string, all: readonly Run[]): Generator<RecordPlace, void, undefined> {
  // Sorted by their newest ids, so that the next record is always the newest of the last run.
  const runs = all.filter(({ start, end }) => end > start).map((run) => ({ ...run }));
  runs.sort((one, other) => (newestOf(one) < newestOf(other) ? -1 : 1));
  for (let run = runs.pop(); run !== undefined; run = runs.pop()) {
    const id = newestOf(run);
    yield { id, profile: run.profile, directory: join(auditRoot, run.profile, id) };
    run.end -= 1;
    if (run.end > run.start) insert(runs, run);
  }
}

function insert(runs: Run[], run: Run): void {
  const newest = newestOf(run);
  let place = runs.length;
  while (place > 0 && newestOf(runs[place - 1] ?? run) > newest) place -= 1;
  runs.splice(place, 0, run);
}

function newestOf({ ids, end }: Run): string {
  return ids[end - 1] ?? "";
}
