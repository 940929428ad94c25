/** Passes bytes between two connections until both have ended. */
import type { Socket } from "node:net";

/**
 * Connects two sockets with each other, at the pace of the slower one. The end of one direction is passed on and leaves
 * the other open; a reset is passed on as a reset.
 *
 * @param idleMs both are cut when no byte has moved for so long.
 * @returns when both are closed: why they were cut; null when they ended by themselves.
 */
export async function relay(client: Socket, server: Socket, idleMs: number): Promise<string | null> {
  let reason: string | null = null;
  const closed = Promise.all([client, server].map(closeOf));
  for (const [socket, other] of [
    [client, server],
    [server, client],
  ] as const) {
    // Reads and writes both count, so that one busy direction keeps the connection.
    socket.setTimeout(idleMs, () => {
      reason = `cut after ${idleMs / 1000} s in which no byte moved`;
      socket.resetAndDestroy();
    });
    socket.on("error", () => other.resetAndDestroy());
    socket.once("close", () => {
      // After an orderly end the other one may still have something to write.
      if (!socket.readableEnded || !socket.writableFinished) other.resetAndDestroy();
    });
    socket.pipe(other);
    if (socket.destroyed) other.destroy();
  }
  await closed;
  return reason;
}

/** Not `once`: that rejects when an error comes first. */
function closeOf(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.closed) resolve();
    else socket.once("close", () => resolve());
  });
}
