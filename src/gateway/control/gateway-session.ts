/** One session's network: its sockets, what serves them, and its log. */
import { AgentdError, sentence } from "../../errors.ts";
import type { ProcessIdentity } from "../../process-identity.ts";
import { EgressLog, type LogEnd } from "../log/egress-log.ts";
import { EgressProxy } from "../proxy/egress-proxy.ts";
import type { ProxyLimits } from "../proxy/proxy-limits.ts";
import type { Resolve } from "../proxy/resolver.ts";
import type { Policy } from "../proxy/route.ts";
import { allowRules } from "../rules/allow-entry.ts";
import { PROXY_PORT } from "../rules/ports.ts";
import type { ListeningHandle } from "../sockets/open-listeners.ts";
import type { OpenSession, SessionPolicy } from "./control-protocol.ts";

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
}

/** Something that serves a session on a port of its own. */
interface Door {
  listen(handle: unknown): Promise<void>;
  close(): Promise<void>;
}

/** A session whose network is open. */
export class GatewaySession {
  readonly request: OpenSession;
  readonly #proxy: EgressProxy;
  readonly #doors: ReadonlyMap<number, Door>;
  readonly #log: EgressLog;
  #end: Promise<LogEnd> | undefined;

  private constructor(request: OpenSession, log: EgressLog, ground: SessionGround) {
    this.request = request;
    this.#log = log;
    this.#proxy = new EgressProxy({
      ...ground,
      policy: policyOf(request.policy),
      log: (line) => log.add(line),
    });
    this.#doors = new Map<number, Door>([[PROXY_PORT, this.#proxy]]);
  }

  /** Opens a session's network. @throws AgentdError `network_failed`. */
  static async open(request: OpenSession, ground: SessionGround): Promise<GatewaySession> {
    // Before anything is opened: an entry with a fault opens nothing.
    policyOf(request.policy);
    const log = await EgressLog.open({ path: request.egress_path, now: ground.now }).catch(
      (error: unknown) => {
        throw failure(`its log cannot be written: ${sentence(error)}`);
      },
    );
    const session = new GatewaySession(request, log, ground);
    try {
      await session.#openDoors(ground);
      return session;
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  get connections(): number {
    return this.#proxy.connections;
  }

  /** @throws AgentdError `network_failed`: an entry has a fault, and nothing changes. */
  set policy(policy: SessionPolicy) {
    this.#proxy.policy = policyOf(policy);
  }

  /** Cuts every connection and closes the log. Asked again, it gives the same answer. */
  async close(): Promise<LogEnd> {
    this.#end ??= (async () => {
      await Promise.all([...this.#doors.values()].map(async (door) => door.close()));
      return this.#log.close();
    })();
    return this.#end;
  }

  async #openDoors({ listen }: SessionGround): Promise<void> {
    const handles = await listen(this.request.process, [...this.#doors.keys()]);
    for (const { port, handle } of handles) await this.#doors.get(port)?.listen(handle);
  }
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
