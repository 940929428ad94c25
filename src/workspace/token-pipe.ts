/**
 * How a clone token gets into git: through a FIFO, which a credential helper of ours reads when a server asks for
 * credentials. Unlike a header in git's configuration, the token is then in no file, argument or environment, and git
 * sends it to that origin alone (not to the target of a redirect), and not at all where the repository is public.
 */
import { constants } from "node:fs";
import { type FileHandle, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { AgentdError } from "../errors.ts";
import { makeFifo } from "../fifos.ts";
import type { Repository } from "./repository-url.ts";

/** Servers that take tokens look at the password only; GitHub names this user for it. */
const USER = "x-access-token";

const PIPE_VARIABLE = "AGENTD_TOKEN_PIPE";

/** Git appends what it wants: `get`, or `store` and `erase`, which a helper may ignore. It never waits at the pipe. */
const HELPER = `!f() { [ "$1" != get ] || dd if="$${PIPE_VARIABLE}" iflag=nonblock bs=64k count=1 status=none; }; f`;

/** One token for one server. Its owner closes it. */
export class TokenPipe {
  /** For git's command line. */
  readonly settings: readonly string[];
  /** For git's environment. */
  readonly environment: Readonly<Record<string, string>>;
  readonly #token: string;
  readonly #path: string;
  readonly #pipe: FileHandle;

  private constructor(origin: string, token: string, path: string, pipe: FileHandle) {
    this.settings = ["-c", `credential.${origin}.helper=${HELPER}`];
    this.environment = { [PIPE_VARIABLE]: path };
    this.#token = token;
    this.#path = path;
    this.#pipe = pipe;
  }

  /**
   * Makes the FIFO.
   *
   * @param directory of this user alone; the FIFO is in it until it is closed.
   * @param token without white space or control characters.
   * @throws AgentdError `token_needs_https`
   */
  static async open(directory: string, repository: Repository, token: string): Promise<TokenPipe> {
    if (repository.protocol !== "https") {
      throw new AgentdError("token_needs_https", {
        tried: `clone ${repository.url} with a token`,
        why:
          repository.protocol === "http"
            ? "http:// would expose it on the network"
            : "tokens are sent over https:// only",
        next: "Use the repository's https URL, or remove repo_token_source from the profile.",
      });
    }
    const path = join(directory, "clone-token");
    await makeFifo(path);
    // Open for reading too, so that the token stays in the pipe until git's helper reads it.
    const pipe = await open(path, constants.O_RDWR | constants.O_NONBLOCK);
    return new TokenPipe(`https://${repository.host}`, token, path, pipe);
  }

  /** Makes the token ready for one run of git; an unread token of an earlier run is the same and stays. */
  async fill(): Promise<void> {
    await this.#pipe.write(`username=${USER}\npassword=${this.#token}\n`);
  }

  /** The text without the token, in case a server has sent it back. */
  redact(text: string): string {
    const basic = Buffer.from(`${USER}:${this.#token}`).toString("base64");
    return [this.#token, encodeURIComponent(this.#token), basic].reduce(
      (redacted, form) => redacted.replaceAll(form, "***"),
      text,
    );
  }

  /** Removes the FIFO, with the token if that is still in it. */
  async close(): Promise<void> {
    await this.#pipe.close();
    await rm(this.#path, { force: true });
  }
}
