/**
 * A program: an http server on loopback that has one page for each size, `/BYTES`. It prints its port, and ends with its
 * standard input.
 */
import { once } from "node:events";
import { createServer } from "node:http";

const CHUNK = Buffer.alloc(256 * 1024, "x");

const server = createServer((request, response) => {
  const size = Number(request.url?.slice(1));
  response.writeHead(200, { "Content-Length": size, Connection: "close" });
  void send(response, size);
});

/**
 * @param {import("node:http").ServerResponse} response
 * @param {number} size
 */
async function send(response, size) {
  for (let left = size; left > 0; left -= CHUNK.length) {
    if (!response.write(left < CHUNK.length ? CHUNK.subarray(0, left) : CHUNK)) await once(response, "drain");
  }
  response.end();
}

server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (typeof address === "object") process.stdout.write(`${address?.port}\n`);
});
process.stdin.resume().once("end", () => process.exit());
