/** CONNECT: a connection whose bytes the proxy passes on unread, but for the first message of TLS on port 443. */
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { parseTarget, type Target } from "../rules/target.ts";
import { ClientHelloReader } from "./client-hello.ts";
import type { Exchange } from "./exchange.ts";
import type { ProxyLimits } from "./proxy-limits.ts";
import { denied, type Refusal, refuseOn } from "./refusal.ts";
import { relay } from "./relay.ts";
import type { Route } from "./route.ts";
import { writtenText } from "./written-text.ts";

const HTTP_PORT = 80;

export interface TunnelOptions {
  readonly limits: ProxyLimits;
  readonly route: (target: Target) => Promise<Route | Refusal>;
}

/**
 * Serves one CONNECT, to the end of its connection.
 *
 * @param head bytes that the client has sent already.
 */
export async function tunnel(
  { url = "" }: IncomingMessage,
  client: Socket,
  head: Buffer,
  exchange: Exchange,
  { limits, route }: TunnelOptions,
): Promise<void> {
  const target = parseTarget(writtenText(url));
  const refuse = (refusal: Refusal): void => {
    exchange.refused(refusal);
    refuseOn(client, refusal, target);
  };
  if (target === undefined) {
    refuse(denied("target", "CONNECT takes HOST:PORT, with a port from 1 to 65535"));
    return;
  }
  exchange.goesTo(target);
  if (target.port === HTTP_PORT) {
    refuse(
      denied("form", "port 80 takes requests with a whole URL, such as GET http://HOST/, and no CONNECT"),
    );
    return;
  }
  const found = await route(target);
  if ("verdict" in found) {
    refuse(found);
    return;
  }
  const { socket: server, address, rule } = found;
  exchange.reached(server, address, rule);
  client.write("HTTP/1.1 200 Connection Established\r\n\r\n");
  if (head.length > 0) client.unshift(head);
  if (target.port === limits.httpsPort && rule.kind !== "address") {
    const fault = await passHello(client, server, target.host, limits.headersMs);
    if (fault !== undefined) {
      exchange.refused(fault);
      client.resetAndDestroy();
      server.destroy();
      return;
    }
  }
  exchange.ended(await relay(client, server, limits.idleMs));
}

/** Reads the ClientHello, and sends it on when it names the host; otherwise says why not. */
async function passHello(
  client: Socket,
  server: Socket,
  host: string,
  limitMs: number,
): Promise<Refusal | undefined> {
  const reader = new ClientHelloReader();
  const fault = await new Promise<string | undefined>((resolve) => {
    const done = (why?: string): void => {
      clearTimeout(timer);
      client.off("data", receive).off("end", gone).off("close", gone);
      client.pause();
      resolve(why);
    };
    const receive = (chunk: Buffer): void => {
      const reading = reader.push(chunk);
      if (reading.kind === "refused") done(reading.why);
      if (reading.kind === "hello") done(nameFault(reading.serverName, host));
    };
    const gone = (): void => done("it ended before its TLS ClientHello was whole");
    const timer = setTimeout(() => done("its TLS ClientHello did not come in time"), limitMs);
    client.on("data", receive).once("end", gone).once("close", gone);
    if (client.destroyed) gone();
  });
  if (fault !== undefined) return denied("server_name", fault);
  server.write(reader.bytes);
  return undefined;
}

function nameFault(serverName: string | undefined, host: string): string | undefined {
  if (serverName === undefined) return "its TLS ClientHello names no server";
  return serverName === host ? undefined : `its TLS ClientHello names the server ${serverName}, not ${host}`;
}
