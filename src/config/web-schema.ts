/** `[web]`: where `agentd web` listens, and whom it answers. */
import * as z from "zod";
import { type Context, path } from "../profile/rules/field-rules.ts";

const ADDRESS_RULE = 'must be an address and a port, such as "127.0.0.1:7788" or "[::1]:7788"';
const HOST_RULE = 'must be a name or address as in a URL, such as "server.example.org:7788"';
const MOST_HOSTS = 100;

/** Where a program listens. */
export interface ListenAddress {
  /** An address, without brackets. */
  readonly host: string;
  readonly port: number;
}

export function webSchema() {
  return z
    .strictObject({
      listen: address()
        .default("127.0.0.1:7788")
        .describe(
          "Address and port of agentd web; any other than a loopback address needs allowed_hosts and token_file.",
        ),
      allowed_hosts: z
        .array(
          z.string().regex(/^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::\d{1,5})?$/, HOST_RULE),
        )
        .max(MOST_HOSTS, `must have at most ${MOST_HOSTS} hosts`)
        .default([])
        .describe(
          "Further values of a request's Host header to answer, with the port unless it is 80 or 443; a loopback address always answers to its own names.",
        ),
      token_file: path()
        .optional()
        .describe(
          "File with the token for the HTTP API; only its owner may read it. Default: $XDG_STATE_HOME/agentd/web-token, which agentd web makes.",
        ),
      metrics_listen: address()
        .optional()
        .describe(
          "Address and port that answer /metrics, /livez and /readyz, and nothing else. Default: none.",
        ),
      tls_certificate: path()
        .optional()
        .describe("File with the TLS certificate and its chain, in PEM; needs tls_key."),
      tls_key: path().optional().describe("File with the key of tls_certificate, in PEM."),
      read_only: z
        .boolean()
        .default(false)
        .describe("If true, agentd web only shows: what would change something is refused."),
    })
    .superRefine(tlsIsWhole)
    .superRefine(othersAreGuarded);
}

/** The parts of an address; undefined where it is none. */
export function listenAddress(written: string): ListenAddress | undefined {
  const [, v6, v4, portText = ""] =
    /^(?:\[([0-9a-f:.]+)\]|(\d+\.\d+\.\d+\.\d+)):(\d{1,5})$/.exec(written) ?? [];
  const host = v6 ?? v4;
  const port = Number(portText);
  if (host === undefined || port > 65_535) return undefined;
  if (v4?.split(".").some((part) => Number(part) > 255) === true) return undefined;
  return { host, port };
}

/** Whether only this host can connect there. */
export function isLoopback({ host }: ListenAddress): boolean {
  return host.startsWith("127.") || host === "::1";
}

function address() {
  return z
    .string()
    .refine((value) => listenAddress(value) !== undefined, ADDRESS_RULE)
    .meta({ type_in_words: "address" });
}

interface Written {
  readonly listen: string;
  readonly metrics_listen?: string | undefined;
  readonly allowed_hosts: readonly string[];
  readonly token_file?: string | undefined;
  readonly tls_certificate?: string | undefined;
  readonly tls_key?: string | undefined;
}

function tlsIsWhole({ tls_certificate: certificate, tls_key: key }: Written, context: Context): void {
  if ((certificate === undefined) === (key === undefined)) return;
  const [there, missing] =
    certificate === undefined ? ["tls_key", "tls_certificate"] : ["tls_certificate", "tls_key"];
  context.addIssue({ code: "custom", path: [missing], message: `is required if ${there} is set` });
}

/** Whoever listens for other hosts says by which names, and with which token. */
function othersAreGuarded(written: Written, context: Context): void {
  for (const key of ["listen", "metrics_listen"] as const) {
    const parts = listenAddress(written[key] ?? "");
    if (parts === undefined || isLoopback(parts)) continue;
    const why = `is required if ${key} is not a loopback address`;
    if (written.allowed_hosts.length === 0)
      context.addIssue({ code: "custom", path: ["allowed_hosts"], message: why });
    if (key === "listen" && written.token_file === undefined)
      context.addIssue({ code: "custom", path: ["token_file"], message: why });
  }
}
