/**
 * Fingerprints as files, on a file system that a boot clears: for the readers of a session's output and for the next
 * daemon. Who can read them can try values; they are for the daemon's user alone.
 */
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ifThere } from "../if-there.ts";
import type { Fingerprints } from "./fingerprints.ts";

/** Directory of the fingerprints below an instance's runtime directory. */
export const FINGERPRINTS_DIRECTORY = "redaction";
/** What the file of a session begins with whose output is final. */
export const SEALED = "sealed-";

/** The file of a session, while it is open and when its output is final. @param runtime the instance's runtime directory. */
export function fingerprintsPaths(
  runtime: string,
  sessionId: string,
): { readonly open: string; readonly sealed: string } {
  const directory = join(runtime, FINGERPRINTS_DIRECTORY);
  return {
    open: join(directory, `${sessionId}.json`),
    sealed: join(directory, `${SEALED}${sessionId}.json`),
  };
}

/** Writes the fingerprints of a session, which replace earlier ones. */
export async function writeFingerprints(path: string, prints: Fingerprints): Promise<void> {
  const staged = `${path}.new`;
  await writeFile(staged, JSON.stringify(prints), { mode: 0o600 });
  await rename(staged, path);
}

/** Undefined where there are none, or none that this version can use. @param runtime the instance's runtime directory. */
export async function readFingerprints(
  runtime: string,
  sessionId: string,
): Promise<Fingerprints | undefined> {
  const { open, sealed } = fingerprintsPaths(runtime, sessionId);
  const text = (await ifThere(readFile(open, "utf8"))) ?? (await ifThere(readFile(sealed, "utf8")));
  return text === undefined ? undefined : asFingerprints(parsed(text));
}

/** What was sent or read as fingerprints; undefined where it is something else. */
export function asFingerprints(value: unknown): Fingerprints | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { version, salt, forms } = value as Partial<Record<keyof Fingerprints, unknown>>;
  const isOurs =
    version === 1 && typeof salt === "string" && /^[0-9a-f]{32}$/.test(salt) && Array.isArray(forms);
  return isOurs && forms.every(isForm) ? (value as Fingerprints) : undefined;
}

function isForm(form: unknown): boolean {
  if (typeof form !== "object" || form === null) return false;
  const { name, length, start, checks, mac } = form as Record<string, unknown>;
  return (
    typeof name === "string" &&
    Number.isSafeInteger(length) &&
    Number.isSafeInteger(start) &&
    Array.isArray(checks) &&
    checks.every(Number.isSafeInteger) &&
    typeof mac === "string"
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
