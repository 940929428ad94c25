/** Files and directories for agentd's user alone: whether other users can reach them. */
import { stat } from "node:fs/promises";
import { AgentdError } from "./errors.ts";
import { ifThere } from "./if-there.ts";

/** A file or directory of agentd's own. */
export interface OwnPlace {
  /** Absolute. */
  readonly path: string;
  /** Whether others may read it, but not change it. Default: neither. */
  readonly readable?: boolean | undefined;
}

/** What is wrong with a place, and the command that fixes it. */
export interface OpenPlace {
  readonly path: string;
  /** Without a full stop: `it has mode 0777, so other users can change it`. */
  readonly why: string;
  readonly fix: string;
}

const OTHERS_READ = 0o055;
const OTHERS_WRITE = 0o022;

/**
 * The places that belong to another user, or that others can reach; in the order of the places. A missing one is
 * fine. Links are followed.
 *
 * @param uid of agentd's user.
 */
export async function openPlaces(places: readonly OwnPlace[], uid: number): Promise<OpenPlace[]> {
  const found = await Promise.all(
    places.map(async (place) => openPlace(place, await ifThere(stat(place.path)), uid)),
  );
  return found.filter((each) => each !== undefined);
}

/** The same for one place that was looked at. @param found what `stat` says; undefined: it does not exist. */
export function openPlace(
  { path, readable = false }: OwnPlace,
  found: { readonly uid: number; readonly mode: number } | undefined,
  uid: number,
): OpenPlace | undefined {
  if (found === undefined) return undefined;
  const name = shellWord(path);
  if (found.uid !== uid) {
    const why = `it belongs to user ${found.uid}, but agentd runs as user ${uid}`;
    return { path, why, fix: `sudo chown ${uid} ${name}` };
  }
  const mode = (found.mode & 0o777).toString(8).padStart(4, "0");
  const canWrite = (found.mode & OTHERS_WRITE) !== 0;
  if (!canWrite && (readable || (found.mode & OTHERS_READ) === 0)) return undefined;
  const why = `it has mode ${mode}, so other users can ${canWrite ? "change" : "read"} its contents`;
  return { path, why, fix: `chmod ${readable ? "go-w" : "go-rwx"} ${name}` };
}

/** `permissions_unsafe`, with every place and every command. @param tried as a phrase after "cannot". */
export function permissionsUnsafe(tried: string, places: readonly OpenPlace[]): AgentdError {
  const lines = places.map(({ path, why }) => `${path}: ${why}`);
  return new AgentdError("permissions_unsafe", {
    tried,
    why: lines.length === 1 ? lines.join() : ["other users can access agentd's files", ...lines].join("\n  "),
    next: places.map(({ fix }) => fix).join("\n"),
    details: { places },
  });
}

/** A word for a shell, quoted where it has to be. */
function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
