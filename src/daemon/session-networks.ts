/** The networks of sessions with an allowlist, through the gateway. */
import { join } from "node:path";
import { sentence } from "../errors.ts";
import { Gateway, type GatewayOptions } from "../gateway/client/gateway.ts";
import { GATEWAY_PROTOCOL } from "../gateway/control/control-protocol.ts";
import { egressOf } from "../gateway/log/egress-hosts.ts";
import { summariseEgress } from "../gateway/log/egress-summary.ts";
import { networkEnvironment } from "../gateway/rules/environment.ts";
import { ifThere } from "../if-there.ts";
import type { Network, NetworkRequest } from "../local/ports.ts";
import type { ClosedNetwork, NetworkChange } from "../sessions/port/executor.ts";

type OnChange = (change: NetworkChange) => void;

/** One daemon's. The gateway starts with the first session that needs it. */
export class SessionNetworks implements Network {
  readonly environment = networkEnvironment();
  readonly gateway: Gateway;
  readonly #opening = new Map<string, Promise<boolean>>();
  readonly #listeners = new Map<string, OnChange>();
  /** Sessions that lost their network while nobody listened. */
  readonly #lost = new Map<string, NetworkChange>();

  constructor(options: Omit<GatewayOptions, "onSessionRestored" | "onSessionLost">) {
    this.gateway = new Gateway({
      ...options,
      onSessionRestored: (session) => {
        // Before its command runs, nothing was cut.
        this.#lost.delete(session);
        this.#listeners.get(session)?.({ kind: "restored" });
      },
      onSessionLost: (session, error) => this.#tellLoss(session, { kind: "lost", why: sentence(error) }),
    });
  }

  async open({ sessionId, profile, process, egressPath }: NetworkRequest): Promise<boolean> {
    const opening = this.gateway.open({
      session: sessionId,
      process,
      policy: { profile: profile.name, allow: [...profile.allow] },
      egress_path: egressPath,
    });
    this.#opening.set(sessionId, opening);
    try {
      return await opening;
    } finally {
      this.#opening.delete(sessionId);
    }
  }

  follow(sessionId: string, onChange: OnChange, signal: AbortSignal): void {
    this.#listeners.set(sessionId, onChange);
    signal.addEventListener("abort", () => this.#listeners.delete(sessionId), { once: true });
    const lost = this.#lost.get(sessionId);
    if (lost !== undefined) onChange(lost);
  }

  async close(sessionId: string): Promise<readonly string[]> {
    // It would open after the close.
    await this.#opening.get(sessionId)?.catch(() => undefined);
    this.#lost.delete(sessionId);
    const end = await this.gateway.close(sessionId);
    if (end === undefined) {
      return [
        "The gateway of the session's network did not answer when the session ended: connections may be missing in agentd/egress.jsonl.",
      ];
    }
    if (end.lost === 0) return [];
    const missing = end.lost === 1 ? "1 connection is" : `${end.lost} connections are`;
    return [`${missing} missing in agentd/egress.jsonl, because it could not be written.`];
  }

  async closeOthers(kept: ReadonlySet<string>): Promise<void> {
    await this.gateway.closeOthers(kept);
  }

  async reached(egressPath: string): Promise<ClosedNetwork | undefined> {
    const summary = await ifThere(summariseEgress(egressPath));
    return summary && { egress: egressOf(summary), warnings: incompleteLines(summary.unreadable) };
  }

  #tellLoss(session: string, change: NetworkChange): void {
    const listener = this.#listeners.get(session);
    if (listener === undefined) this.#lost.set(session, change);
    else listener(change);
  }
}

/** Where an instance's gateway has its files, below the runtime directory. */
export function gatewayFiles(runtime: string): Pick<GatewayOptions, "socketPath" | "recordPath" | "logPath"> {
  // Of each protocol its own: a newer daemon leaves an older gateway to its sessions.
  const name = `gateway-${GATEWAY_PROTOCOL}`;
  return {
    socketPath: join(runtime, `${name}.sock`),
    recordPath: join(runtime, `${name}.json`),
    logPath: join(runtime, `${name}.log`),
  };
}

function incompleteLines(count: number): string[] {
  if (count === 0) return [];
  return [
    count === 1
      ? "1 line of agentd/egress.jsonl is incomplete."
      : `${count} lines of agentd/egress.jsonl are incomplete.`,
  ];
}
