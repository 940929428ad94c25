import { describe, expect, it } from "vitest";
import type { Egress } from "../../../src/session-document.ts";
import { networkStage } from "../../../src/sessions/end/network-stage.ts";
import type { SessionParts } from "../../../src/sessions/parts/session-parts.ts";
import type { ClosedNetwork } from "../../../src/sessions/port/session-network.ts";

const EGRESS: Egress = { allowed: ["a.example"], denied: [], allowed_count: 2, denied_count: 0 };

/** A session at its end, whose network answers so. */
function sessionWith(answer: ClosedNetwork | undefined, known: Egress | null = null) {
  const concluded: unknown[] = [];
  const leaving = new AbortController();
  let closes = 0;
  const parts = {
    host: {
      executor: {
        closeNetwork: () => {
          closes += 1;
          return Promise.resolve(answer);
        },
      },
    },
    record: { document: { egress: known, llm: null } },
    standing: { conclude: (...line: unknown[]) => Promise.resolve(concluded.push(line)) },
    job: {},
    leaving: leaving.signal,
  } as unknown as SessionParts;
  return { parts, concluded, leaving, closes: () => closes };
}

describe("the network at a session's end", () => {
  it("is journaled with what the session reached, and warnings", async () => {
    const { parts, concluded } = sessionWith({ egress: EGRESS, llm: null, warnings: ["Some is missing."] });
    await networkStage(parts);
    const details = { egress: EGRESS, llm: null, warnings: ["Some is missing."] };
    expect(concluded).toEqual([["network_closed", details, { egress: EGRESS, llm: null }]]);
  });

  it("is not closed again by the next daemon when that was journaled", async () => {
    const { parts, concluded, closes } = sessionWith({ egress: EGRESS, llm: null, warnings: [] }, EGRESS);
    await networkStage(parts);
    expect([concluded, closes()]).toEqual([[], 0]);
  });

  it("leaves no trace where none was opened", async () => {
    const { parts, concluded } = sessionWith(undefined);
    await networkStage(parts);
    expect(concluded).toEqual([]);
  });

  it("is left to the next daemon by one that ends", async () => {
    const { parts, concluded, leaving } = sessionWith({ egress: EGRESS, llm: null, warnings: [] });
    const closing = networkStage(parts);
    leaving.abort(new Error("the daemon leaves"));
    await expect(closing).rejects.toThrow("the daemon leaves");
    expect(concluded).toEqual([]);
  });
});
