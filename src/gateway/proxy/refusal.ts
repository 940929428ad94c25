/** Why a session does not get a connection, for the session in one line and for the record. */
import type { Socket } from "node:net";
import type { Verdict } from "../log/egress-line.ts";
import { type Target, targetText } from "../rules/target.ts";

/** The checks that a connection can fail, as the record names them. docs/network.md describes each. */
export type Check =
  | "request"
  | "connections"
  | "form"
  | "target"
  | "allow"
  | "resolve"
  | "address"
  | "connect"
  | "server_name"
  | "response";

export interface Refusal {
  /** `denied`: by a rule; `failed`: it was allowed, but did not come about. */
  readonly verdict: Exclude<Verdict, "allowed">;
  readonly check: Check;
  /** Without a full stop. */
  readonly reason: string;
  /** What the operator can do, as a sentence; undefined where nothing helps. */
  readonly next?: string | undefined;
  /** The status of the answer. Never 407: the connection says which session asks. */
  readonly status: 400 | 403 | 408 | 431 | 502 | 504;
}

/** How long a client may take to read a refusal and close. */
const LAST_MS = 5_000;

const PHRASES = {
  400: "Bad Request",
  403: "Forbidden",
  408: "Request Timeout",
  431: "Request Header Fields Too Large",
  502: "Bad Gateway",
  504: "Gateway Timeout",
} as const;

/** A refusal by a rule. */
export function denied(check: Check, reason: string, next?: string): Refusal {
  return { verdict: "denied", check, reason, next, status: 403 };
}

/** A connection that was allowed and did not come about. */
export function failed(check: Check, reason: string, status: 502 | 504 = 502): Refusal {
  return { verdict: "failed", check, reason, status };
}

/** The line that the session gets, with its newline. @param target undefined where the request names none. */
export function refusalLine({ verdict, reason, next }: Refusal, target: Target | undefined): string {
  const place = target === undefined ? "this request" : `the connection to ${targetText(target)}`;
  const sentence = `agentd ${verdict === "denied" ? "refused" : "could not make"} ${place}: ${reason}.`;
  // One line, whatever a server or a client has put into the reason.
  const line = next === undefined ? sentence : `${sentence} ${next}`;
  return `${line.replaceAll(/[^\x20-\x7e]/g, "?")}\n`;
}

/** The headers of a refusal, for a response that Node writes. */
export function refusalHeaders(line: string): Record<string, string> {
  return {
    "content-type": "text/plain; charset=utf-8",
    "content-length": String(Buffer.byteLength(line)),
    connection: "close",
  };
}

/** Answers on a socket that has no response of Node's, and ends it. */
export function refuseOn(socket: Socket, refusal: Refusal, target: Target | undefined): void {
  const line = refusalLine(refusal, target);
  const headers = Object.entries(refusalHeaders(line)).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `HTTP/1.1 ${refusal.status} ${PHRASES[refusal.status]}\r\n${headers.join("")}\r\n`;
  // What still comes in is read and dropped, or the kernel resets the connection before the client has read the answer.
  socket.resume();
  socket.setTimeout(LAST_MS, () => socket.destroy());
  socket.end(head + line);
}
