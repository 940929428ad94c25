import { describe, expect, it } from "vitest";
import { AgentdError } from "../../../src/errors.ts";
import { followNetwork } from "../../../src/local/networks.ts";
import type { LocalParts } from "../../../src/local/parts.ts";
import type { NetworkChange, NetworkOfJob } from "../../../src/sessions/port/session-network.ts";

const job = {
  sessionId: "0123456789abcdef",
  profile: { name: "site-builder", network: "allowlist", allow: [] },
  egressPath: "/record/egress.jsonl",
} as unknown as NetworkOfJob;

/** What is reported when opening a network gives these results, one after the other. */
async function takeOver(results: readonly (boolean | Error)[], over = new AbortController()) {
  const changes: NetworkChange[] = [];
  let tries = 0;
  const parts = {
    engine: { firstProcess: () => Promise.resolve({ pid: 1, startTime: "1" }) },
    network: {
      follow: () => undefined,
      open: () => {
        const result = results[tries++]!;
        if (tries === results.length && result instanceof Error) over.abort();
        return result instanceof Error ? Promise.reject(result) : Promise.resolve(result);
      },
    },
  } as unknown as LocalParts;
  await followNetwork(parts, job, "container", {
    signal: over.signal,
    isEarlierDaemons: true,
    onChange: (change) => changes.push(change),
  });
  return { kinds: changes.map(({ kind }) => kind), tries };
}

const failure = (): AgentdError => new AgentdError("network_failed", { tried: "open it", why: "no disk" });

describe("the network that an earlier daemon has opened", () => {
  it("is taken over without a word when it is open", async () => {
    expect(await takeOver([false])).toEqual({ kinds: [], tries: 1 });
  });

  it("is back when it had to be opened", async () => {
    expect(await takeOver([true])).toEqual({ kinds: ["restored"], tries: 1 });
  });

  it("that cannot be opened is lost, and tried until it is back", async () => {
    const result = await takeOver([failure(), failure(), true]);
    expect(result).toEqual({ kinds: ["lost", "restored"], tries: 3 });
  });

  it("is not tried after the command's end", async () => {
    expect(await takeOver([failure(), failure()])).toEqual({ kinds: ["lost"], tries: 2 });
  });
});
