/**
 * A program that listens in the network namespace in which it was started, hands the sockets to its parent, and ends:
 * `node gateway-listen.cjs PORT...`.
 */
import { readlinkSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { systemCode } from "../../errors.ts";

/** What the parent gets for each port; with `listening` comes the socket. */
export type ListenReport =
  | { readonly kind: "listening"; readonly port: number; readonly namespace: string }
  | { readonly kind: "failed"; readonly port: number; readonly code: string };

/** What `process.send` passes beside a message. */
type SendHandle = Server | undefined;

/** How long the parent may take. Longer than it waits itself. */
const LAST_MS = 60_000;

async function main(): Promise<void> {
  const ports = process.argv.slice(2).map(Number);
  // Without a parent nobody takes the sockets, and they must not stay.
  process.once("disconnect", () => (process.exitCode = 1));
  setTimeout(() => process.disconnect(), LAST_MS).unref();
  const namespace = readlinkSync("/proc/self/ns/net");
  for (const port of ports) await hand(port, namespace);
  process.disconnect();
}

async function hand(port: number, namespace: string): Promise<void> {
  const server = createServer();
  try {
    await listen(server, port);
    // The bare socket, not the server: the parent would begin to accept before it knows what to serve.
    await report(
      { kind: "listening", port, namespace },
      (server as unknown as { _handle: SendHandle })._handle,
    );
  } catch (error) {
    await report({ kind: "failed", port, code: systemCode(error) ?? String(error) });
  }
  server.close();
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: "127.0.0.1", port, backlog: 511 }, resolve);
  });
}

function report(message: ListenReport, handle?: SendHandle): Promise<void> {
  return new Promise((resolve, reject) => {
    process.send?.(message, handle, {}, (error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
}

void main();
