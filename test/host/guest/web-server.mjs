/**
 * Servers on the host's own address, and how a session asks them through the gateway.
 */
import { once } from "node:events";
import { createServer } from "node:http";

/** The host's address on its only network; see image/overlay. */
export const HOST_ADDRESS = "10.77.0.15";

/** A server on every address of the host that counts the connections that reach it. */
export class WebServer {
  #server;
  connections = 0;

  /** @param {import("node:http").RequestListener} listener */
  constructor(listener) {
    this.#server = createServer(listener).on("connection", () => this.connections++);
  }

  /** @param {import("node:http").RequestListener} listener @returns {Promise<WebServer>} Whoever starts it closes it. */
  static async start(listener) {
    const server = new WebServer(listener);
    server.#server.listen(0, "0.0.0.0");
    await once(server.#server, "listening");
    return server;
  }

  get port() {
    return /** @type {import("node:net").AddressInfo} */ (this.#server.address()).port;
  }

  async close() {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}

/**
 * A command of the shell that asks for a page through the gateway and prints the answer, headers and all. With the image's
 * nc: its wget crashes with a proxy.
 *
 * @param {string} server `HOST:PORT`
 */
export function fetchThroughGateway(server) {
  const request = `GET http://${server}/ HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n`;
  // nc gives the program its connection as standard input and output; the answer goes where this command's output goes.
  return `{ nc 127.0.0.1 8791 -e sh -c "printf '${request}'; cat >&3" 3>&1; }`;
}
