/**
 * A program: `node waiting-client.mjs FORM SERVER_PORT` asks the session's proxy for a page, ends its side and prints the
 * answer. FORM is `connect`, where the page is what the server sends by itself, or `absolute`.
 */
import { connect } from "node:net";

const [form = "", port = ""] = process.argv.slice(2);
const server = `127.0.0.1:${port}`;
const line = form === "connect" ? `CONNECT ${server}` : `GET http://${server}/`;

const socket = connect({ host: "127.0.0.1", port: 8791, allowHalfOpen: true });
socket.end(`${line} HTTP/1.1\r\nHost: ${server}\r\nConnection: close\r\n\r\n`);
socket.pipe(process.stdout);
