/**
 * A program: a provider on loopback that streams answers as Anthropic's messages. The first message of a request says how
 * many chunks, and how many milliseconds apart: `20 5 ...`; the first one comes at once. Each chunk's text begins with the
 * monotonic clock's nanoseconds when it was sent. It prints its port, and ends with its standard input.
 */
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

/** What each answer says that it used. */
const USAGE = { input_tokens: 10, output_tokens: 20 };
/** As long as providers' chunks are. */
const PADDING = "x".repeat(60);

const server = createServer({ keepAliveTimeout: 60_000, noDelay: true }, (request, response) => {
  void answer(request, response);
});

/**
 * @param {import("node:http").IncomingMessage} request
 * @param {import("node:http").ServerResponse} response
 */
async function answer(request, response) {
  /** @type {Buffer[]} */
  const parts = [];
  for await (const part of request) parts.push(part);
  /** @type {{ model: string, messages: { content: string }[] }} */
  const { model, messages } = JSON.parse(String(Buffer.concat(parts)));
  const [chunks = 0, intervalMs = 0] = messages[0]?.content.split(" ", 2).map(Number) ?? [];
  response.writeHead(200, { "content-type": "text/event-stream" });
  const message = { id: "msg_1", type: "message", role: "assistant", model, content: [], usage: USAGE };
  response.write(event("message_start", { message }));
  for (let sent = 0; sent < chunks; sent += 1) {
    if (sent > 0) await sleep(intervalMs);
    const text = `${process.hrtime.bigint()} ${PADDING}`;
    response.write(event("content_block_delta", { index: 0, delta: { type: "text_delta", text } }));
  }
  response.write(event("message_delta", { delta: { stop_reason: "end_turn" }, usage: USAGE }));
  response.end(event("message_stop", {}));
}

/**
 * @param {string} type
 * @param {object} fields
 */
function event(type, fields) {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
}

server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (typeof address === "object") process.stdout.write(`${address?.port}\n`);
});
process.stdin.resume().once("end", () => process.exit());
