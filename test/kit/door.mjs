/**
 * A door before a server of this host: it lets through what the server answers up to some size, and then waits.
 */
import { connect, createServer } from "node:net";
import { until } from "./until.mjs";

/**
 * @typedef {object} Door
 * @property {string} url The server's, with the door's port.
 * @property {() => Promise<void>} waiting Resolves once it holds something back.
 * @property {() => void} open Lets everything through from now on.
 * @property {() => Promise<void>} close
 */

/**
 * Works for any protocol over TCP, TLS included.
 *
 * @param {string} url With a port.
 * @param {{ passBytes?: number }} [options] How much the server may answer before the door waits; default nothing.
 * @returns {Promise<Door>}
 */
export async function setDoorBefore(url, { passBytes = 0 } = {}) {
  const { hostname, port } = new URL(url);
  /** @type {Set<import("node:net").Socket>} */
  const sockets = new Set();
  let passed = 0;
  let holds = false;
  /** @type {() => void} */
  let open = () => undefined;
  /** @type {Promise<void>} */
  const opened = new Promise((resolve) => {
    open = resolve;
  });
  let isOpen = false;
  void opened.then(() => {
    isOpen = true;
  });

  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => socket.destroy());
      socket.on("close", () => sockets.delete(socket));
    }
    client.on("close", () => upstream.destroy());
    client.pipe(upstream);
    upstream.on("end", () => void opened.then(() => client.end()));
    upstream.on("data", (chunk) => {
      passed += chunk.length;
      if (isOpen || passed <= passBytes) {
        client.write(chunk);
        return;
      }
      holds = true;
      upstream.pause();
      void opened.then(() => {
        client.write(chunk);
        upstream.resume();
      });
    });
  });
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => resolve(undefined));
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the door has no port");
  const here = new URL(url);
  here.port = String(address.port);
  return {
    url: here.href.replace(/\/$/, ""),
    waiting: async () => {
      await until("an answer at the door", () => holds);
    },
    open,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
