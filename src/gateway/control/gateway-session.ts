/** One session's network: its sockets, what serves them, and its log. */
import { AgentdError, sentence } from "../../errors.ts";
import type { LlmNumbers } from "../../llm/server/access.ts";
import type { LlmServer } from "../../llm/server/llm-server.ts";
import type { ProcessIdentity } from "../../process-identity.ts";
import { EgressLog, type LogEnd } from "../log/egress-log.ts";
import { EgressProxy } from "../proxy/egress-proxy.ts";
import type { ProxyLimits } from "../proxy/proxy-limits.ts";
import type { Resolve } from "../proxy/resolver.ts";
import type { Policy } from "../proxy/route.ts";
import { allowRules } from "../rules/allow-entry.ts";
import { LLM_PORT, PROXY_PORT } from "../rules/ports.ts";
import type { ListeningHandle } from "../sockets/open-listeners.ts";
import type { LlmAccess, OpenSession, SessionPolicy } from "./control-protocol.ts";

/** What sessions need from the gateway. */
export interface SessionGround {
  /** Opens sockets in a container's namespace. */
  readonly listen: (container: ProcessIdentity, ports: readonly number[]) => Promise<ListeningHandle[]>;
  readonly resolve: Resolve;
  /** The host's own addresses, as of now. */
  readonly ownAddresses: () => ReadonlySet<string>;
  /** Wall clock, in milliseconds since the epoch. */
  readonly now: () => number;
  /** Default `PROXY_LIMITS`. */
  readonly limits?: ProxyLimits | undefined;
  /** Opens the language models of a session. */
  readonly openLlm: (session: string, access: LlmAccess) => Promise<LlmServer>;
}

/** How a session ended. */
export interface SessionEnd extends LogEnd {
  /** Null: it used no language models. */
  readonly llm: LlmNumbers | null;
}

/** Something that serves a session on a port of its own. */
interface Door {
  listen(handle: unknown): Promise<void>;
  close(): Promise<void>;
}

/** The proxy of a session, and its log. */
interface Egress {
  readonly proxy: EgressProxy;
  readonly log: EgressLog;
}

/** A session whose network is open. */
export class GatewaySession {
  readonly request: OpenSession;
  readonly #egress: Egress | undefined;
  readonly llm: LlmServer | undefined;
  readonly #doors: ReadonlyMap<number, Door>;
  #end: Promise<SessionEnd> | undefined;

  private constructor(request: OpenSession, egress: Egress | undefined, llm: LlmServer | undefined) {
    this.request = request;
    this.#egress = egress;
    this.llm = llm;
    const doors: [number, Door | undefined][] = [
      [LLM_PORT, llm],
      [PROXY_PORT, egress?.proxy],
    ];
    this.#doors = new Map(doors.filter((each): each is [number, Door] => each[1] !== undefined));
  }

  /** Opens a session's network. @throws AgentdError `network_failed`. */
  static async open(request: OpenSession, ground: SessionGround): Promise<GatewaySession> {
    const egress = await openEgress(request, ground);
    const llm = await openLlm(request, ground).catch(async (error: unknown) => {
      await egress?.log.close();
      throw error;
    });
    const session = new GatewaySession(request, egress, llm);
    try {
      await session.#openDoors(ground);
      return session;
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  get connections(): number {
    return (this.#egress?.proxy.connections ?? 0) + (this.llm?.connections ?? 0);
  }

  /** @throws AgentdError `network_failed`: an entry has a fault, or there is no proxy; nothing changes. */
  set policy(policy: SessionPolicy) {
    if (this.#egress === undefined) throw failure("it has no proxy");
    this.#egress.proxy.policy = policyOf(policy);
  }

  /** Cuts every connection and closes the logs. Asked again, it gives the same answer. */
  async close(): Promise<SessionEnd> {
    this.#end ??= (async () => {
      await Promise.all([...this.#doors.values()].map(async (door) => door.close()));
      const log = (await this.#egress?.log.close()) ?? { counted: 0, lost: 0 };
      return { ...log, llm: this.llm?.numbers ?? null };
    })();
    return this.#end;
  }

  async #openDoors({ listen }: SessionGround): Promise<void> {
    if (this.#doors.size === 0) return;
    const handles = await listen(this.request.process, [...this.#doors.keys()]);
    for (const { port, handle } of handles) await this.#doors.get(port)?.listen(handle);
  }
}

async function openEgress(request: OpenSession, ground: SessionGround): Promise<Egress | undefined> {
  if (request.policy === null) return undefined;
  // Before anything is opened: an entry with a fault opens nothing.
  const policy = policyOf(request.policy);
  const log = await EgressLog.open({ path: request.egress_path, now: ground.now }).catch((error: unknown) => {
    throw failure(`its log cannot be written: ${sentence(error)}`);
  });
  return { log, proxy: new EgressProxy({ ...ground, policy, log: (line) => log.add(line) }) };
}

async function openLlm({ session, llm }: OpenSession, ground: SessionGround): Promise<LlmServer | undefined> {
  if (llm === undefined) return undefined;
  return await ground.openLlm(session, llm).catch((error: unknown) => {
    throw failure(`the ledger of its language models cannot be opened: ${sentence(error)}`);
  });
}

function policyOf({ profile, allow }: SessionPolicy): Policy {
  try {
    return { profile, rules: allowRules(allow) };
  } catch (error) {
    throw failure(`an entry of "allow" is wrong: ${sentence(error)}`);
  }
}

function failure(why: string): AgentdError {
  return new AgentdError("network_failed", { tried: "open the session's network", why });
}
