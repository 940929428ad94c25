/** Opens a connection to an address that was checked. No name is resolved here. */
import { connect, isIP, type Socket } from "node:net";
import { sentence } from "../../errors.ts";

/** A connection, or why there is none. */
export type Dialled =
  | { readonly kind: "connected"; readonly socket: Socket; readonly address: string }
  | { readonly kind: "failed"; readonly why: string; readonly isLate: boolean };

export interface DialOptions {
  /** How long all addresses together may take. */
  readonly limitMs: number;
  /** Gives up when it aborts. */
  readonly signal: AbortSignal;
}

/** Tries the addresses in turn; none gets more than its share of the time that is left. */
export async function dial(
  addresses: readonly string[],
  port: number,
  { limitMs, signal }: DialOptions,
): Promise<Dialled> {
  const deadline = performance.now() + limitMs;
  let result: Dialled = { kind: "failed", why: "it has no address", isLate: false };
  for (const [index, address] of addresses.entries()) {
    const shareMs = (deadline - performance.now()) / (addresses.length - index);
    result = await dialOne(address, port, { limitMs: Math.max(1, shareMs), signal });
    if (result.kind === "connected" || signal.aborted) return result;
  }
  return result;
}

function dialOne(host: string, port: number, { limitMs, signal }: DialOptions): Promise<Dialled> {
  // net.connect would resolve a name.
  if (isIP(host) === 0) throw new Error(`${host} is not an address`);
  return new Promise((resolve) => {
    const socket = connect({ host, port, allowHalfOpen: true, noDelay: true });
    const give = (result: Dialled): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", abandon);
      if (result.kind === "failed") socket.destroy();
      resolve(result);
    };
    const fail = (why: string, isLate = false): void => give({ kind: "failed", why, isLate });
    const abandon = (): void => fail("the session gave up");
    const timer = setTimeout(() => fail(`${host} did not answer in time`, true), limitMs);
    signal.addEventListener("abort", abandon, { once: true });
    // Stays for ever: an error without a listener would end the gateway.
    socket.on("error", (error) => fail(sentence(error)));
    socket.once("connect", () => give({ kind: "connected", socket, address: host }));
    if (signal.aborted) abandon();
  });
}
