/**
 * Faults of certain versions of Podman's programs that matter to sessions.
 */
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";

interface Fault {
  readonly program: string;
  /** The first version of each line of development that has it no more, ascending; later lines never had it. */
  readonly fixedIn: readonly (readonly [number, number, number])[];
  readonly what: string;
  /** By which a distribution's own changelog names the fix. */
  readonly id: string;
}

const FAULTS: readonly Fault[] = [
  {
    program: "runc",
    fixedIn: [
      [1, 2, 8],
      [1, 3, 3],
    ],
    what: "a hostile image can break out of its container (CVE-2025-31133, CVE-2025-52565, CVE-2025-52881)",
    id: "CVE-2025-31133",
  },
];

/**
 * What is wrong with a version of a program, without a full stop; undefined when nothing is known of it.
 *
 * @param changelogs directory with what distributions say about their packages: they fix old versions.
 */
export async function knownFault(
  program: string,
  version: string,
  changelogs = "/usr/share/doc",
): Promise<string | undefined> {
  const fault = FAULTS.find((each) => each.program === program && isAffected(version, each.fixedIn));
  if (fault === undefined) return undefined;
  const changelog = await readChangelog(`${changelogs}/${program}/changelog.Debian.gz`);
  return changelog.includes(fault.id) ? undefined : fault.what;
}

function isAffected(version: string, fixedIn: Fault["fixedIn"]): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split(/[.+~-]/).map(Number);
  const line = fixedIn.find(([fixedMajor, fixedMinor]) => fixedMajor === major && fixedMinor === minor);
  if (line !== undefined) return patch < line[2];
  const [oldestMajor, oldestMinor] = fixedIn[0] ?? [0, 0];
  return major < oldestMajor || (major === oldestMajor && minor < oldestMinor);
}

/** Nothing where there is none. */
async function readChangelog(path: string): Promise<string> {
  try {
    return (await promisify(gunzip)(await readFile(path))).toString("utf8");
  } catch {
    return ""; // Not Debian, or installed without documentation.
  }
}
