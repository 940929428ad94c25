/** Tells a client that has ended its side and waits for the answer from one that has gone: both look the same at first. */
import type { Socket } from "node:net";

/**
 * Destroys the connection of a client that has ended its side and does not exist any more. The kernel forgets a socket
 * that was closed after `tcp_fin_timeout` (a minute), and from then on answers a probe with a reset; one that is half open
 * acknowledges it. The client sees nothing of this.
 *
 * @param checkMs time between two probes, in whole seconds.
 */
export function watchHalfOpen(client: Socket, checkMs: number): void {
  client.once("end", () => {
    client.setKeepAlive(true, checkMs);
    const timer = setInterval(() => {
      // After the end nothing is read, so only a write tells of the reset. An empty one sends nothing. It starts the time of
      // the client's idleness anew; that of the server's goes on.
      if (client.writable && client.writableLength === 0) client.write("");
    }, checkMs);
    client.once("close", () => clearInterval(timer));
  });
}
