/**
 * Logins of browsers: a secret that works once, and the cookie that it is changed for. Only hashes are kept, in memory:
 * whoever restarts `agentd web` ends all logins.
 */
import { createHash, randomBytes } from "node:crypto";
import { AgentdError } from "../../errors.ts";

/** How long a secret can be used. */
export const SECRET_MS = 60_000;
/** How long a login lasts without a request. */
export const IDLE_MS = 12 * 60 * 60 * 1000;
/** Wrong secrets within a minute; then every secret is refused until the minute is over. */
export const MOST_FAILURES = 10;
const FAILURES_MS = 60_000;
/** The oldest is forgotten for one more. */
const MOST_SECRETS = 100;
const MOST_LOGINS = 1_000;
const BYTES = 32;

export class Logins {
  readonly #now: () => number;
  /** When each was made, by its hash; the oldest first. */
  readonly #secrets = new Map<string, number>();
  /** When each was used last, by its hash. */
  readonly #logins = new Map<string, number>();
  #failures: number[] = [];

  /** @param now in milliseconds, of a clock that only goes forward. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** How many browsers are logged in. */
  get count(): number {
    this.#forget();
    return this.#logins.size;
  }

  /** Makes a secret for one login within `SECRET_MS`. */
  mint(): string {
    this.#forget();
    const secret = randomBytes(BYTES).toString("base64url");
    this.#secrets.set(digest(secret), this.#now());
    dropOldest(this.#secrets, MOST_SECRETS);
    return secret;
  }

  /**
   * Changes a secret for the value of a cookie.
   *
   * @throws AgentdError `login_refused`.
   */
  redeem(secret: string): string {
    this.#forget();
    if (this.#failures.length >= MOST_FAILURES) {
      throw refused(`${MOST_FAILURES} wrong ones came within a minute`, "Wait a minute, then try again.");
    }
    if (!this.#secrets.delete(digest(secret))) {
      this.#failures.push(this.#now());
      throw refused(
        "it was used before, is older than a minute, or was never made",
        "Get another link with `agentd console`.",
      );
    }
    const id = randomBytes(BYTES).toString("base64url");
    this.#logins.set(digest(id), this.#now());
    dropOldest(this.#logins, MOST_LOGINS);
    return id;
  }

  /** Whether a cookie is a login's. That is no use of it. */
  has(id: string): boolean {
    this.#forget();
    return this.#logins.has(digest(id));
  }

  /** Whether a cookie is a login's; if so, it is used now. */
  use(id: string): boolean {
    this.#forget();
    const key = digest(id);
    if (!this.#logins.delete(key)) return false;
    this.#logins.set(key, this.#now());
    return true;
  }

  /** Ends one login. */
  end(id: string): void {
    this.#logins.delete(digest(id));
  }

  /** Ends all logins, and makes all secrets useless. Returns how many logins there were. */
  endAll(): number {
    const { count } = this;
    this.#logins.clear();
    this.#secrets.clear();
    return count;
  }

  /** Both maps are ordered by their times, because whatever is used is put at the end. */
  #forget(): void {
    const now = this.#now();
    dropBefore(this.#secrets, now - SECRET_MS);
    dropBefore(this.#logins, now - IDLE_MS);
    this.#failures = this.#failures.filter((at) => at > now - FAILURES_MS);
  }
}

function dropBefore(times: Map<string, number>, limit: number): void {
  for (const [key, at] of times) {
    if (at > limit) return;
    times.delete(key);
  }
}

function dropOldest(times: Map<string, number>, most: number): void {
  for (const key of times.keys()) {
    if (times.size <= most) return;
    times.delete(key);
  }
}

/** Looking a hash up tells nothing about a secret by the time that it takes. */
function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function refused(why: string, next: string): AgentdError {
  return new AgentdError("login_refused", { tried: "log in with this secret", why, next });
}
