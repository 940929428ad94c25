/**
 * The daemon's socket as any program may use it: JSON-RPC, one JSON text per line.
 */
import { once } from "node:events";
import { connect } from "node:net";
import { createInterface } from "node:readline";

/** One connection to a daemon; calls may overlap. `connectWire` makes it. */
export class Wire {
  /** @type {Map<number, { resolve: (result: any) => void, reject: (error: Error) => void }>} */
  #waiting = new Map();
  #nextId = 1;
  #socket;

  /** @param {import("node:net").Socket} socket Connected. */
  constructor(socket) {
    this.#socket = socket;
    socket.on("error", (error) => this.#lose(error));
    socket.on("close", () => this.#lose(new Error("the daemon closed the connection")));
    createInterface({ input: socket }).on("line", (line) => this.#settle(JSON.parse(line)));
  }

  /**
   * @param {string} method
   * @param {Record<string, unknown>} [params]
   * @returns {Promise<any>} Its result; rejects with the daemon's message.
   */
  call(method, params = {}) {
    const id = this.#nextId++;
    this.#socket.write(`${JSON.stringify({ jsonrpc: "2.0", id, method, params })}\n`);
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  close() {
    this.#socket.destroy();
  }

  /** @param {{ id: number, result?: unknown, error?: { message: string } }} answer */
  #settle({ id, result, error }) {
    const call = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) call?.resolve(result);
    else call?.reject(new Error(error.message));
  }

  /** @param {Error} error */
  #lose(error) {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

/**
 * Connects to a daemon. The caller closes the connection.
 *
 * @param {string} socketPath
 * @returns {Promise<Wire>}
 */
export async function connectWire(socketPath) {
  const socket = connect(socketPath);
  await once(socket, "connect");
  return new Wire(socket);
}
