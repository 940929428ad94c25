/** Finding the one record for a name. */
import { access } from "node:fs/promises";
import { join } from "node:path";
import { AgentdError, systemCode } from "../../errors.ts";
import { shortId } from "../../short-id.ts";
import { SESSION_ID } from "../format/session-id.ts";
import { readDocument, type RecordPlace } from "./query.ts";
import { namesIn, readRecordNames, type RecordNames } from "./record-names.ts";
import { listRecords } from "./select-records.ts";

/** Fewer digits would be ambiguous tomorrow. */
const PIECE = /^[0-9a-f]{4,15}$/;

/** How many of the matching sessions an error describes. */
const SHOWN_CANDIDATES = 5;

/** How a piece can match an id. The first way that matches any id counts, so that a short form is never hidden. */
const PLACES_OF_PIECE = [
  { verb: "start with", has: (id: string, piece: string) => id.startsWith(piece) },
  { verb: "end with", has: (id: string, piece: string) => id.endsWith(piece) },
  { verb: "contain", has: (id: string, piece: string) => id.includes(piece) },
] as const;

/**
 * The one record that a name means: an id; else a profile, for its newest session; else a piece of an id, its beginning
 * before its end before anything in it.
 *
 * @param names how to get the names of records; default: from the disk.
 * @throws AgentdError `unknown_session`, or `ambiguous_session`, which describes the newest of the sessions.
 */
export async function findRecord(
  auditRoot: string,
  name: string,
  names: RecordNames = readRecordNames,
): Promise<RecordPlace> {
  const found = (await findById(auditRoot, name)) ?? (await newestOf(auditRoot, name, names));
  if (found !== undefined) return found;
  if (!PIECE.test(name)) throw unknownSession(auditRoot, name);
  return await findByPiece(auditRoot, name, names);
}

/**
 * The record of the newest session of all.
 *
 * @throws AgentdError `unknown_session` when there is none.
 */
export async function findNewest(auditRoot: string): Promise<RecordPlace> {
  const [newest] = await listRecords(auditRoot, { limit: 1 });
  if (newest !== undefined) return newest;
  throw new AgentdError("unknown_session", {
    tried: "find the newest session",
    why: `there are no records in ${auditRoot}`,
    next: "Start a session with `agentd run`.",
  });
}

/** The record of a whole id; undefined when there is none. Reads no names, of which there may be 100,000. */
export async function findById(auditRoot: string, id: string): Promise<RecordPlace | undefined> {
  if (!SESSION_ID.test(id)) return undefined;
  for (const profile of await namesIn(auditRoot)) {
    const directory = join(auditRoot, profile, id);
    if (await exists(directory)) return { id, profile, directory };
  }
  return undefined;
}

async function newestOf(
  auditRoot: string,
  profile: string,
  names: RecordNames,
): Promise<RecordPlace | undefined> {
  const [newest] = await listRecords(auditRoot, { limit: 1, profile }, names);
  return newest;
}

async function findByPiece(auditRoot: string, piece: string, names: RecordNames): Promise<RecordPlace> {
  const profiles = await Promise.all(
    (await namesIn(auditRoot)).map(async (name) => ({ name, ids: await names(join(auditRoot, name)) })),
  );
  for (const { verb, has } of PLACES_OF_PIECE) {
    const [record, ...others] = profiles
      .flatMap(({ name, ids }) =>
        ids
          .filter((id) => has(id, piece))
          .map((id) => ({ id, profile: name, directory: join(auditRoot, name, id) })),
      )
      .sort((one, other) => (one.id < other.id ? 1 : -1));
    if (record === undefined) continue;
    if (others.length === 0) return record;
    throw await ambiguousSession(piece, verb, [record, ...others]);
  }
  throw unknownSession(auditRoot, piece);
}

function unknownSession(auditRoot: string, name: string): AgentdError {
  return new AgentdError("unknown_session", {
    tried: `find session ${JSON.stringify(name)}`,
    why: `no session id in ${auditRoot} contains it (at least four digits are needed), and no profile of that name has a session`,
    next: "List the ids with `agentd ps -a`.",
  });
}

/** @param records newest first. */
async function ambiguousSession(
  piece: string,
  verb: string,
  records: readonly RecordPlace[],
): Promise<AgentdError> {
  const candidates = await Promise.all(records.slice(0, SHOWN_CANDIDATES).map(candidateOf));
  const lines = candidates.map(({ session_id: id, profile, work_unit: workUnit }) =>
    [shortId(id), profile, workUnit ?? "-", `(${id})`].join("  "),
  );
  return new AgentdError("ambiguous_session", {
    tried: `find session ${JSON.stringify(piece)}`,
    why: `${records.length} session ids ${verb} it`,
    next: ["Give the last six digits of one of them. The newest are:", ...lines].join("\n"),
    details: { count: records.length, candidates },
  });
}

interface Candidate {
  readonly session_id: string;
  readonly profile: string;
  readonly work_unit: string | null;
}

async function candidateOf({ id, profile, directory }: RecordPlace): Promise<Candidate> {
  const workUnit = await readDocument(directory).then(
    ({ work_unit: unit }) => unit,
    () => null, // An unreadable record must not hide the others.
  );
  return { session_id: id, profile, work_unit: workUnit };
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(systemCode(error) ?? "")) return false;
    throw error;
  }
}
