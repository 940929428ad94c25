/** The networks of sessions that the gateway serves: their allowlists and their language models. */
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { sentence } from "../errors.ts";
import { Gateway } from "../gateway/client/gateway.ts";
import type { GatewayOptions } from "../gateway/client/gateway-options.ts";
import { GATEWAY_VERSION } from "../gateway/control/control-protocol.ts";
import { egressOf } from "../gateway/log/egress-hosts.ts";
import { summariseEgress } from "../gateway/log/egress-summary.ts";
import { networkEnvironment } from "../gateway/rules/environment.ts";
import { ifThere } from "../if-there.ts";
import { type LedgerSums, sumLedger } from "../llm/ledger/ledger-sums.ts";
import { sessionLlm } from "../llm/ledger/session-llm.ts";
import type { Network, NetworkRequest } from "../local/network-ports.ts";
import type { Llm } from "../profile/profile.ts";
import type { JobActivity } from "../sessions/port/executor.ts";
import type { ClosedNetwork, NetworkChange, ReasonOfFailure } from "../sessions/port/session-network.ts";
import { ProviderKeys } from "./provider-keys.ts";
import type { SessionLlmAccess } from "./session-llm.ts";

type OnChange = (change: NetworkChange) => void;

export interface SessionNetworksOptions extends Omit<GatewayOptions, "onSessionRestored" | "onSessionLost"> {
  readonly llm: SessionLlmAccess;
}

/** How long a verdict that could not be asked for waits to be asked for again. */
const ASK_AGAIN_MS = 1_000;

/** One daemon's. The gateway starts with the first session that needs it. */
export class SessionNetworks implements Network {
  readonly environment = networkEnvironment();
  readonly gateway: Gateway;
  readonly #options: SessionNetworksOptions;
  readonly #opening = new Map<string, Promise<boolean>>();
  readonly #listeners = new Map<string, OnChange>();
  /** Sessions that lost their network while nobody listened. */
  readonly #lost = new Map<string, NetworkChange>();
  readonly #keys: ProviderKeys;

  constructor(options: SessionNetworksOptions) {
    this.#options = options;
    this.#keys = new ProviderKeys(options.llm);
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

  async open(request: NetworkRequest): Promise<boolean> {
    const { sessionId } = request;
    const opening = this.#open(request);
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
    this.#keys.forget(sessionId);
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

  async reached({
    egressPath,
    llmPath,
  }: Pick<NetworkRequest, "egressPath" | "llmPath">): Promise<ClosedNetwork | undefined> {
    const egress = await ifThere(summariseEgress(egressPath));
    const llm = await ifThere(sumLedger(llmPath));
    if (egress === undefined && llm === undefined) return undefined;
    return {
      egress: egress === undefined ? null : egressOf(egress),
      llm: llm === undefined ? null : sessionLlm(llm),
      warnings: [
        ...incompleteLines(egress?.unreadable ?? 0, "agentd/egress.jsonl"),
        ...(llm === undefined ? [] : llmWarnings(llm)),
      ],
    };
  }

  llmVariables(sessionId: string, llm: Llm): ReadonlyMap<string, string> {
    return this.#options.llm.variables(sessionId, llm);
  }

  async verdict(sessionId: string, signal: AbortSignal): Promise<ReasonOfFailure | undefined> {
    const aborted = new Promise<undefined>((resolve) => {
      if (signal.aborted) resolve(undefined);
      else signal.addEventListener("abort", () => resolve(undefined), { once: true });
    });
    while (!signal.aborted) {
      const verdict = await Promise.race([aborted, this.gateway.verdict(sessionId, false)]).catch(
        () => undefined,
      );
      if (verdict !== undefined && verdict.kind !== null) return verdictOf(verdict.kind, verdict.cause);
      // The gateway has died, or could not open the session again yet.
      await delay(ASK_AGAIN_MS, undefined, { signal }).catch(() => undefined);
    }
    return undefined;
  }

  async llmActivity(sessionId: string): Promise<JobActivity["llm"]> {
    const { sessions } = await this.gateway.list().catch(() => ({ sessions: [] }));
    const llm = sessions.find(({ session }) => session === sessionId)?.llm;
    if (llm === undefined || llm === null) return undefined;
    return { answered: llm.requests - llm.in_flight, inFlight: llm.in_flight };
  }

  async verdictOfFailure(sessionId: string): Promise<ReasonOfFailure | undefined> {
    const verdict = await this.gateway.verdict(sessionId, true).catch(() => undefined);
    if (verdict === undefined || verdict.kind === null) return undefined;
    return verdictOf(verdict.kind, verdict.cause);
  }

  /** Gives running sessions the keys that have changed since they were opened. @throws AgentdError `gateway_unavailable`. */
  async rotateKeys(): Promise<void> {
    for (const changed of this.#keys.changed()) {
      await this.gateway.rotate(changed);
      this.#options.log.info({ provider: changed.provider }, "running sessions use the provider's new key");
    }
  }

  async #open(request: NetworkRequest): Promise<boolean> {
    const { sessionId, profile, process, egressPath, llmPath } = request;
    const { name, network, allow, llm } = profile;
    let access;
    try {
      access = llm && this.#options.llm.access({ sessionId, profile, llm, llmPath });
    } catch (error) {
      // A daemon without the key leaves the session to the gateway that has it.
      if (await this.#isOpen(sessionId)) return false;
      throw error;
    }
    const opened = await this.gateway.open({
      session: sessionId,
      process,
      policy: network === "allowlist" ? { profile: name, allow: [...allow] } : null,
      egress_path: egressPath,
      ...(access === undefined ? {} : { llm: access }),
    });
    if (llm !== undefined) this.#keys.note(sessionId, llm);
    return opened;
  }

  async #isOpen(sessionId: string): Promise<boolean> {
    const { sessions } = await this.gateway.list();
    return sessions.some(({ session }) => session === sessionId);
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
  const name = `gateway-${GATEWAY_VERSION}`;
  return {
    socketPath: join(runtime, `${name}.sock`),
    recordPath: join(runtime, `${name}.json`),
    logPath: join(runtime, `${name}.log`),
  };
}

function verdictOf(
  kind: "budget_exhausted" | "llm_refused" | "llm_overrun",
  cause: string | null,
): ReasonOfFailure {
  const outcome = kind === "llm_refused" ? "llm_refused" : "budget_exhausted";
  return { outcome, cause: cause ?? "the gateway did not say why" };
}

function incompleteLines(count: number, file: string): string[] {
  if (count === 0) return [];
  return [count === 1 ? `1 line of ${file} is incomplete.` : `${count} lines of ${file} are incomplete.`];
}

function llmWarnings({ unreadable, charged_in_full: inFull, unpriced }: LedgerSums): string[] {
  const requests = (count: number): string => (count === 1 ? "1 request" : `${count} requests`);
  return [
    ...incompleteLines(unreadable, "agentd/llm.jsonl"),
    ...(inFull === 0
      ? []
      : [
          `${requests(inFull)} to language models ended without a report of usage: the most that they could cost is charged.`,
        ]),
    ...(unpriced === 0 ? [] : [`The price of ${requests(unpriced)} to language models is not known.`]),
  ];
}
