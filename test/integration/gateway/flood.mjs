/**
 * A program for a session that asks for far too much: `node flood.mjs KEPT_PORT HELD COUNT AT_ONCE`. It opens HELD connections
 * to KEPT_PORT by CONNECT and keeps those that come about; it prints what became of them and waits for a line. Then it closes
 * them, makes COUNT connections to a port that nobody opens, AT_ONCE at a time, and prints what became of those.
 */
import { once } from "node:events";
import { connect } from "node:net";

const [keptPort = "", held = "", count = "", atOnce = ""] = process.argv.slice(2);

/**
 * Asks for a CONNECT. The status, or "closed" when none came.
 *
 * @param {string} port
 * @param {(socket: import("node:net").Socket) => void} keep Gets the connection when the status is 200.
 */
async function ask(port, keep) {
  const socket = connect(8791, "127.0.0.1");
  socket.on("error", () => undefined);
  socket.write(`CONNECT 127.0.0.1:${port} HTTP/1.1\r\n\r\n`);
  let status = "closed";
  await new Promise((resolve) => {
    socket.once("data", (chunk) => {
      status = String(chunk).split(" ")[1] ?? "";
      if (status !== "200") return;
      keep(socket);
      resolve(undefined);
    });
    socket.once("close", resolve);
  });
  return status;
}

/** @param {readonly string[]} statuses */
function tell(statuses) {
  /** @type {Record<string, number>} */
  const counts = {};
  for (const status of statuses) counts[status] = (counts[status] ?? 0) + 1;
  process.stdout.write(`${JSON.stringify(counts)}\n`);
}

/** @type {import("node:net").Socket[]} */
const kept = [];
tell(
  await Promise.all(
    Array.from({ length: Number(held) }, async () => ask(keptPort, (socket) => kept.push(socket))),
  ),
);
await once(process.stdin, "data");
for (const socket of kept) socket.destroy();

/** @type {string[]} */
const statuses = [];
let left = Number(count);
const askOn = async () => {
  while (left-- > 0) statuses.push(await ask("1", () => undefined));
};
await Promise.all(Array.from({ length: Number(atOnce) }, askOn));
tell(statuses);
process.stdin.destroy();
