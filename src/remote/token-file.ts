/** The token for the HTTP API of another host, in a file of the operator's. */
import { stat } from "node:fs/promises";
import { AgentdError, sentence } from "../errors.ts";
import { openPlace, permissionsUnsafe } from "../own-places.ts";
import { readRegularFile } from "../regular-file.ts";

const MOST_BYTES = 4096;

/** @throws AgentdError `token_unusable`; `permissions_unsafe` when others can read the file. */
export async function readTokenFile(path: string | undefined, url: string, uid: number): Promise<string> {
  const unusable = (why: string, cause?: unknown): AgentdError =>
    new AgentdError("token_unusable", {
      tried: `read the token for ${url}${path === undefined ? "" : ` from ${path}`}`,
      why,
      next: "Copy the token of `agentd web` there into a file of yours (mode 0600), and name it with AGENTD_TOKEN_FILE, or with `agentd context add NAME ADDRESS --token-file FILE`.",
      cause,
    });
  if (path === undefined) throw unusable("no file is named");
  try {
    const found = openPlace({ path }, await stat(path), uid);
    if (found !== undefined) throw permissionsUnsafe(`use the token for ${url}`, [found]);
    const token = (await readRegularFile(path, MOST_BYTES)).toString("utf8").trim();
    if (/^[\x21-\x7e]+$/.test(token)) return token;
  } catch (error) {
    if (error instanceof AgentdError) throw error;
    throw unusable(sentence(error), error);
  }
  throw unusable("it does not have one line of letters, digits and signs");
}
