/** The token of the HTTP API, in a file of the operator's. */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import { ensureDirectory, syncDirectory, writeNewFile } from "../../durable-files.ts";
import { AgentdError, sentence, systemCode } from "../../errors.ts";
import { ifThere } from "../../if-there.ts";
import { openPlace, permissionsUnsafe } from "../../own-places.ts";
import { readRegularFile } from "../../regular-file.ts";

const BYTES = 32;
/** A shorter one could be guessed. */
const LEAST_LENGTH = 32;
const MOST_BYTES = 4096;

export interface TokenFile {
  readonly path: string;
  /** Whether agentd makes it where it is missing. */
  readonly isOwn: boolean;
  readonly uid: number;
}

/** Tells whether what a client sent is the token. */
export type TokenCheck = (sent: string) => boolean;

/**
 * Reads the token, or makes one.
 *
 * @throws AgentdError `token_unusable`; `permissions_unsafe` when others can read the file.
 */
export async function readToken({ path, isOwn, uid }: TokenFile): Promise<TokenCheck> {
  const found = openPlace({ path }, await ifThere(stat(path)), uid);
  if (found !== undefined) throw permissionsUnsafe("use the token of the HTTP API", [found]);
  const token = (await read(path, isOwn)).trim();
  if (token.length < LEAST_LENGTH || !/^[\x21-\x7e]+$/.test(token)) {
    throw unusable(path, `it does not have one line of ${LEAST_LENGTH} or more letters, digits and signs`);
  }
  const wanted = digest(token);
  return (sent) => timingSafeEqual(digest(sent), wanted);
}

async function read(path: string, isOwn: boolean): Promise<string> {
  try {
    return (await readRegularFile(path, MOST_BYTES)).toString("utf8");
  } catch (error) {
    if (!isOwn || systemCode(error) !== "ENOENT") throw unusable(path, sentence(error), error);
  }
  const token = randomBytes(BYTES).toString("base64url");
  try {
    await ensureDirectory(dirname(path), 0o700);
    await writeNewFile(path, `${token}\n`, 0o600);
    await syncDirectory(dirname(path));
    return token;
  } catch (error) {
    throw unusable(path, sentence(error), error);
  }
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

function unusable(path: string, why: string, cause?: unknown): AgentdError {
  return new AgentdError("token_unusable", {
    tried: `read the token of the HTTP API from ${path}`,
    why,
    next: "Make the file, for example with `openssl rand -base64 33`, and `chmod 0600` it; or leave web.token_file out.",
    cause,
  });
}
