import { describe, expect, it } from "vitest";
import { CUT_SHORT } from "../../../../src/credentials/launcher.ts";
import { commandEnd } from "../../../../src/local/command-end.ts";
import { ending } from "../../../../src/outcome.ts";
import type { Examined } from "../../../../src/sessions/port/executor.ts";
import { decide, type Left } from "../../../../src/sessions/recovery/decide.ts";
import type { LeftTrail } from "../../../../src/sessions/recovery/trail.ts";
import type { EndOrder } from "../../../../src/sessions/state/end-orders.ts";

const HERE = "boot/marker";
const OPENED = "2026-01-01T12:00:00.000Z";

const running: LeftTrail = {
  state: "running",
  boot: HERE,
  openedUptimeMs: 1000,
  openedTimestamp: OPENED,
  handedOver: true,
};

function exit(exitCode: number, finishedAt = "2026-01-01T12:00:30.5Z"): Examined {
  const end = commandEnd({ kind: "exited", exitCode, oomKilled: false, finishedAt });
  return { ...alive, phase: "ended", end };
}

const alive: Examined = {
  sessionId: "s1",
  ref: "c1",
  phase: "running",
  end: undefined,
  hadCredentials: true,
};

/** As the engine shows it, while its gate still stands. */
function atGate(found: Examined): Examined {
  return { ...found, hadCredentials: false };
}

function left(trail: LeftTrail, found?: Examined, timeoutMs?: number): Left {
  return { trail, found, boot: HERE, timeoutMs, isPlaced: false };
}

const interrupted = { at: "end", ending: { outcome: "interrupted" }, endTimestamp: undefined };

describe("what becomes of an open record", () => {
  it("is to wait on, when it was queued", () => {
    expect(decide(left({ state: "queued" }))).toEqual({ at: "queue" });
  });

  it.each([undefined, alive, exit(0)])(
    "is to begin again, when it was being prepared, whatever its container does",
    (container) => {
      const trail: LeftTrail = { state: "preparing", starts: 4, created: true };
      expect(decide(left(trail, container))).toEqual({ at: "queue_again", starts: 4 });
    },
  );

  it("is a failed launch after five starts", () => {
    expect(decide(left({ state: "preparing", starts: 5, created: true }))).toMatchObject({
      at: "end",
      ending: {
        outcome: "launch_failed",
        stage: "start",
        cause: expect.stringContaining("5 starts") as string,
      },
    });
  });

  it.each([true, false])("is to be adopted, when it runs (handed over: %s)", (handedOver) => {
    expect(decide(left({ ...running, handedOver }, alive))).toEqual({
      at: "command",
      ref: "c1",
      openedUptimeMs: 1000,
      handedOver,
    });
  });

  it.each([
    [0, "success"],
    [5, "work_failed"],
    [137, "terminated_by_signal"],
  ])("is the end that its exit code %i tells, at the time of the exit", (code, outcome) => {
    expect(decide(left(running, exit(code)))).toMatchObject({
      at: "end",
      ending: { outcome, exit_code: code },
      endTimestamp: "2026-01-01T12:00:30.500Z",
    });
  });

  describe("that has exited, and nothing says that its command had its credentials,", () => {
    const trail: LeftTrail = { ...running, handedOver: false };

    it.each([0, 1, 5, 125, 126, 127, 128, 193, 255])(
      "is the command's end with exit code %i, which no launcher has",
      (code) => {
        expect(decide(left(trail, atGate(exit(code))))).toMatchObject({
          at: "end",
          ending: { exit_code: code },
        });
      },
    );

    it.each([CUT_SHORT, 137, 143, -1])(
      "is interrupted with exit code %i, which its launcher may have had",
      (code) => {
        expect(decide(left(trail, atGate(exit(code))))).toMatchObject(interrupted);
      },
    );

    it.each([0, CUT_SHORT, 137])(
      "is the command's end with exit code %i, when the gate was taken away, as it is after the last byte",
      (code) => {
        expect(decide(left(trail, exit(code)))).toMatchObject({ at: "end", ending: { exit_code: code } });
      },
    );
  });

  it.each([
    ["timed_out", 30_000],
    ["interrupted", 31_000],
    ["interrupted", undefined],
  ])("is %s, when conmon has ended it and its time was %s ms", (outcome, timeoutMs) => {
    expect(decide(left(running, exit(-1), timeoutMs))).toMatchObject({ ending: { outcome } });
  });

  it("is a success, when it left with 0 before its deadline, which has passed since", () => {
    expect(decide(left(running, exit(0), 31_000))).toMatchObject({ ending: { outcome: "success" } });
  });

  it.each([
    ["it has no container any more", running, undefined],
    ["the engine has forgotten that its container ran", running, { ...alive, phase: "made" as const }],
    ["it ran in another boot and shows as running", { ...running, boot: "other/marker" }, alive],
    ["it ran in another boot and shows an exit code", { ...running, boot: "other/marker" }, exit(0)],
    ["it ran in this boot and another login", { ...running, boot: "boot/other" }, exit(0)],
  ])("is interrupted, when %s", (_, trail, container) => {
    expect(decide(left(trail, container))).toMatchObject(interrupted);
  });

  describe("that was told to end", () => {
    const order: EndOrder = { outcome: "cancelled", cause: "stopped by the operator", graceMs: 7_000 };

    it.each([
      [
        { state: "queued", order },
        { at: "queue", order },
      ],
      [
        { state: "preparing", starts: 5, created: true, order },
        { at: "queue_again", starts: 5, order },
      ],
    ] as const)("is told again before anything of it begins: %j", (trail, beginning) => {
      expect(decide(left(trail, alive))).toEqual(beginning);
    });

    it("is told again, when it runs", () => {
      expect(decide(left({ ...running, order }, alive))).toMatchObject({ at: "command", order });
    });

    it.each([
      ["it has exited", { ...running, order }, exit(5), 5],
      ["it has exited at its gate", { ...running, order, handedOver: false }, exit(0), 0],
      ["its container is gone", { ...running, order }, undefined, null],
      ["the host was restarted", { ...running, order, boot: "other/marker" }, exit(0), null],
    ] as const)("is what it was told to be, when %s", (_, trail, container, code) => {
      expect(decide(left(trail, container))).toMatchObject({
        at: "end",
        ending: { outcome: "cancelled", cause: "stopped by the operator", exit_code: code },
      });
    });
  });

  it.each([
    ["earlier pauses", { earlierMs: 10_000, current: undefined }],
    [
      "one that lasted to its end",
      { earlierMs: 0, current: { sinceUptimeMs: 21_500, sinceTimestamp: "2026-01-01T12:00:20.500Z" } },
    ],
  ])("does not count the time of %s", (_, pauses) => {
    const trail = { ...running, pauses } as LeftTrail;
    expect(decide(left(trail, exit(-1), 20_500))).toMatchObject({ ending: { outcome: "timed_out" } });
    expect(decide(left(trail, exit(-1), 20_501))).toMatchObject({ ending: { outcome: "interrupted" } });
  });

  it.each([undefined, alive, exit(0)])(
    "is the journaled end, when there was one, whatever its container does",
    (container) => {
      const end = ending("timed_out", { cause: "ran longer than 5 s" });
      const trail: LeftTrail = {
        state: "finishing",
        ending: end,
        endTimestamp: OPENED,
        isExported: true,
        publishing: { isDone: false, pushed: { branch: "agentd/x", commit: "a".repeat(40) } },
        keeping: { isDone: true, isKept: true },
      };
      const { state: _state, ...rest } = trail;
      expect(decide(left(trail, container))).toEqual({ at: "end", ...rest });
    },
  );
});
