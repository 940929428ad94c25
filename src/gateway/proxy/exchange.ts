/** One connection that a session asks for, from the request to its line in the record. */
import type { Socket } from "node:net";
import type { ConnectionLine } from "../log/egress-line.ts";
import type { AllowRule } from "../rules/allow-entry.ts";
import type { Target } from "../rules/target.ts";
import type { Refusal } from "./refusal.ts";

export interface ExchangeOptions {
  /** Gets the line, once. */
  readonly log: (line: ConnectionLine) => void;
  /** Wall clock, in milliseconds since the epoch. */
  readonly now: () => number;
}

/** Collects what the record says about a connection. */
export class Exchange {
  readonly #log: (line: ConnectionLine) => void;
  readonly #time: string;
  readonly #began = performance.now();
  #host: string;
  #port: number | null = null;
  #rule = "";
  #server: { readonly socket: Socket; readonly address: string } | undefined;
  #isOver = false;

  /** @param asked what the request names, as it is written. */
  constructor({ log, now }: ExchangeOptions, asked: string) {
    this.#log = log;
    this.#time = new Date(now()).toISOString();
    this.#host = asked;
  }

  /** Notes where it goes, in the form in which that was checked. */
  goesTo({ host, port }: Target): void {
    this.#host = host;
    this.#port = port;
  }

  /** Notes the connection to the server, and by which rule. */
  reached(socket: Socket, address: string, rule: AllowRule): void {
    this.#server = { socket, address };
    this.#rule = rule.text;
  }

  /** It was not allowed, or did not come about. */
  refused({ verdict, check, reason }: Refusal): void {
    this.#end({ verdict, rule: check, reason });
  }

  /** It has ended as its two ends wished, or for the reason given. */
  ended(reason: string | null = null): void {
    this.#end({ verdict: "allowed", rule: this.#rule, reason });
  }

  #end(ending: Pick<ConnectionLine, "verdict" | "rule" | "reason">): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#log({
      time: this.#time,
      host: this.#host,
      port: this.#port,
      ...ending,
      address: this.#server?.address ?? null,
      bytes_sent: this.#server?.socket.bytesWritten ?? 0,
      bytes_received: this.#server?.socket.bytesRead ?? 0,
      duration_ms: Math.round(performance.now() - this.#began),
    });
  }
}
