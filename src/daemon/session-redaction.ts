/** What the daemon knows of its sessions' credentials after it has handed them over: fingerprints. */
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ifThere } from "../if-there.ts";
import type { Profile } from "../profile/profile.ts";
import type { PublishTools } from "../publish/publish.ts";
import type { Fingerprints } from "../redaction/fingerprints.ts";
import {
  FINGERPRINTS_DIRECTORY,
  fingerprintsPaths,
  readFingerprints,
  SEALED,
  writeFingerprints,
} from "../redaction/kept-fingerprints.ts";
import { makeFingerprints } from "../redaction/make-fingerprints.ts";
import { namesIn, namesInFile, redactedText } from "../redaction/redact-text.ts";
import { replaceInLog } from "../redaction/replace-log.ts";
import { openRegularFile } from "../regular-file.ts";
import type { Redaction } from "../session-document.ts";
import type { RedactedSession, RedactionPort } from "../sessions/port/redaction.ts";
import { PATCH_FILE } from "../work/summary.ts";

/** How many sessions' fingerprints are kept, of some kilobytes each: sealed ones are for those who read their records. */
const MOST_KEPT = 1_000;

/** So that not every seal looks at the age of all. */
const FORGOTTEN_AT_ONCE = 100;

/** Keeps fingerprints in a directory that a boot clears. */
export class SessionRedaction implements RedactionPort {
  readonly #runtime: string;

  /** @param runtime the instance's runtime directory. */
  constructor(runtime: string) {
    this.#runtime = runtime;
  }

  /** Keeps the fingerprints of the values that a session is about to get, also where there are none. */
  async keep(sessionId: string, values: Iterable<readonly [string, string]>): Promise<void> {
    const { open } = fingerprintsPaths(this.#runtime, sessionId);
    await mkdir(dirname(open), { recursive: true, mode: 0o700 });
    await writeFingerprints(open, makeFingerprints(values));
  }

  /** Undefined where they are gone. */
  async fingerprints(sessionId: string): Promise<Fingerprints | undefined> {
    return await readFingerprints(this.#runtime, sessionId);
  }

  async finish(session: RedactedSession): Promise<Redaction> {
    const { sessionId, profile, consoleLogPath, workDirectory } = session;
    const prints = await this.fingerprints(sessionId);
    if (prints === undefined)
      return { redaction: "incomplete", redacted_values: null, credentials_in_work: [] };
    const isWanted = profile.redact === "seal";
    const done = {
      redaction: isWanted ? ("complete" as const) : ("view" as const),
      redacted_values: await replaceInLog(consoleLogPath, prints, isWanted),
      credentials_in_work: await namesInWork(workDirectory, prints),
    };
    await this.close(sessionId);
    return done;
  }

  async close(sessionId: string): Promise<void> {
    const { open, sealed } = fingerprintsPaths(this.#runtime, sessionId);
    // An earlier attempt may have done it.
    await ifThere(rename(open, sealed));
    await this.#forgetOldest();
  }

  /** What finds the values in a session's commits; "unknown" where nobody can any more, undefined where it had none. */
  readonly finderOf = async ({
    sessionId,
    profile,
  }: Pick<RedactedSession, "sessionId"> & {
    readonly profile: Pick<Profile, "credentials" | "llm">;
  }): Promise<PublishTools["findValues"]> => {
    if (profile.credentials.length === 0 && profile.llm === undefined) return undefined;
    const prints = await this.fingerprints(sessionId);
    return prints === undefined ? "unknown" : (content) => namesIn(content, prints);
  };

  async redacted(sessionId: string, text: string): Promise<string> {
    const prints = await this.fingerprints(sessionId);
    return prints === undefined ? text : redactedText(text, prints);
  }

  async #forgetOldest(): Promise<void> {
    const directory = join(this.#runtime, FINGERPRINTS_DIRECTORY);
    const names = ((await ifThere(readdir(directory))) ?? []).filter((name) => name.startsWith(SEALED));
    if (names.length < MOST_KEPT + FORGOTTEN_AT_ONCE) return;
    const aged = await Promise.all(
      names.map(async (name) => ({ name, age: (await ifThere(stat(join(directory, name))))?.mtimeMs ?? 0 })),
    );
    const oldest = aged.sort((one, other) => one.age - other.age).slice(0, names.length - MOST_KEPT);
    for (const { name } of oldest) await rm(join(directory, name), { force: true });
  }
}

/** Which of the values that go into a session are secret: of the language models' variables, not the addresses. */
export function secretsOf(
  values: ReadonlyMap<string, string>,
  { credentials }: Pick<Profile, "credentials">,
): [string, string][] {
  const named = new Set(credentials.map(({ name }) => name));
  return [...values].filter(([name, value]) => named.has(name) || !URL.canParse(value));
}

async function namesInWork(directory: string, prints: Fingerprints): Promise<string[]> {
  const patch = await ifThere(openRegularFile(join(directory, PATCH_FILE)));
  if (patch === undefined) return [];
  try {
    return await namesInFile(patch, prints);
  } finally {
    await patch.close();
  }
}
