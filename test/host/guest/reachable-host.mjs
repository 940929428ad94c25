/**
 * A server on the host that sessions ask again and again, as a proof that their network works.
 */
import { createServer } from "node:net";
import { until } from "../../kit/until.mjs";

const PORT = 8899;

/** Prints `ready` once the server answers, and goes on asking until that says `stop`. */
export const ASKING = `
  host=$(sed -n 's/[[:space:]].*host\\.containers\\.internal.*//p' /etc/hosts | head -n 1)
  ask() { nc -w 60 "$host" ${PORT} </dev/null; }
  until [ "$(ask)" = go ]; do sleep 1; done
  echo ready
  until [ "$(ask)" = stop ]; do sleep 1; done
  echo stopped`;

export class ReachableHost {
  #answer = "go";
  #questions = 0;
  #server = createServer((socket) => {
    this.#questions++;
    socket.on("error", () => undefined); // A session that ends does not wait for the answer.
    socket.end(this.#answer);
  });

  /** @returns {Promise<ReachableHost>} Whoever starts it closes it. */
  static async start() {
    const host = new ReachableHost();
    await new Promise((resolve) => host.#server.listen(PORT, () => resolve(undefined)));
    return host;
  }

  /** Waits until a session has asked from now on. */
  async isAsked() {
    const before = this.#questions;
    // The one after next has begun after this call.
    await until("a question of the session", () => this.#questions >= before + 2, { timeoutMs: 900_000 });
  }

  /** Has the sessions that ask come to their end. */
  stopSessions() {
    this.#answer = "stop";
  }

  async close() {
    await new Promise((resolve) => this.#server.close(() => resolve(undefined)));
  }
}
