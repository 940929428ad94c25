/**
 * A program: `node page-client.mjs FORM SERVER_PORT SIZE COUNT` gets the page of SIZE bytes COUNT times, one after the other, each
 * over a connection of its own, and prints how many milliseconds that took. FORM is `direct`, `connect` or `absolute`.
 */
import { once } from "node:events";
import { connect } from "node:net";

const PROXY_PORT = 8791;
const BUFFER_BYTES = 256 * 1024;
const BLANK_LINE = "\r\n\r\n";

const [form = "", port = "", size = "", count = ""] = process.argv.slice(2);
const server = `127.0.0.1:${port}`;
const url = `${form === "absolute" ? `http://${server}` : ""}/${size}`;
const REQUEST = `GET ${url} HTTP/1.1\r\nHost: ${server}\r\nConnection: close${BLANK_LINE}`;
const CONNECT = `CONNECT ${server} HTTP/1.1\r\nHost: ${server}${BLANK_LINE}`;

async function get() {
  let [text, isBody, received, isTunnel] = ["", false, 0, form !== "connect"];
  const socket = connect({
    host: "127.0.0.1",
    port: form === "direct" ? Number(port) : PROXY_PORT,
    noDelay: true,
    onread: {
      buffer: Buffer.alloc(Number(size) > BUFFER_BYTES ? BUFFER_BYTES : 4096),
      callback: (length, buffer) => {
        if (isBody) {
          received += length;
          return true;
        }
        text += Buffer.from(buffer.buffer, buffer.byteOffset, length).toString("latin1");
        const end = text.indexOf(BLANK_LINE);
        if (end < 0) return true;
        if (!text.startsWith("HTTP/1.1 200 ")) throw new Error(text);
        const rest = text.length - end - BLANK_LINE.length;
        text = "";
        if (isTunnel) [isBody, received] = [true, rest];
        else socket.write(REQUEST);
        isTunnel = true;
        return true;
      },
    },
  });
  socket.write(isTunnel ? REQUEST : CONNECT);
  await once(socket, "close");
  if (received !== Number(size)) throw new Error(`${received} bytes came, and not ${size}`);
}

const startedMs = performance.now();
for (let at = 0; at < Number(count); at += 1) await get();
process.stdout.write(`${performance.now() - startedMs}\n`);
