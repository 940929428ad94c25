/** Which keys of providers the gateway has for running sessions, and which of them have changed since. */
import type { ControlParams } from "../gateway/control/control-protocol.ts";
import type { Llm, Provider } from "../profile/profile.ts";
import type { SessionLlmAccess } from "./session-llm.ts";

/** Of one daemon. */
export class ProviderKeys {
  readonly #access: Pick<SessionLlmAccess, "keyOf">;
  readonly #providers = new Map<string, Llm["providers"]>();
  /** By provider and address: the key that the gateway has. */
  readonly #given = new Map<string, string>();

  constructor(access: Pick<SessionLlmAccess, "keyOf">) {
    this.#access = access;
  }

  /** Notes that a session was opened with the keys as they are now. */
  note(sessionId: string, { providers }: Llm): void {
    this.#providers.set(sessionId, providers);
    for (const provider of providers) {
      const key = this.#access.keyOf(provider);
      // One that others have, and that has changed: they get it with the next reload.
      if (key !== undefined && !this.#given.has(placeOf(provider))) this.#given.set(placeOf(provider), key);
    }
  }

  forget(sessionId: string): void {
    this.#providers.delete(sessionId);
    const left = new Set([...this.#providers.values()].flat().map(placeOf));
    for (const place of this.#given.keys()) if (!left.has(place)) this.#given.delete(place);
  }

  /** The keys that have changed since they were given, and are given now. A key that is gone has not changed. */
  changed(): ControlParams<"rotate">[] {
    // Of several sessions, the newest one knows the source.
    const providers = new Map([...this.#providers.values()].flat().map((each) => [placeOf(each), each]));
    return [...providers].flatMap(([place, provider]) => {
      const key = this.#access.keyOf(provider);
      if (key === undefined || key === this.#given.get(place)) return [];
      this.#given.set(place, key);
      return [{ provider: provider.name, base_url: provider.baseUrl, key }];
    });
  }
}

function placeOf({ name, baseUrl }: Provider): string {
  return `${name} ${baseUrl}`;
}
