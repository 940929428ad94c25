import { describe, expect, it } from "vitest";
import type { Check } from "../../../../src/cli/doctor/check.ts";
import { doctorText } from "../../../../src/cli/doctor/doctor-text.ts";
import { runChecks } from "../../../../src/cli/doctor/run-checks.ts";
import { AgentdError } from "../../../../src/errors.ts";
import { failure, ok, warning } from "../../../../src/finding.ts";

function check(name: string, look: Check["look"], more: Partial<Check> = {}): Check {
  return { name, group: "host", look, ...more };
}

describe("checks", () => {
  it("are told in their order, one finding after the other, and not where there is nothing to tell", async () => {
    const results = await runChecks([
      check("one", async () => ok("good")),
      check("none", async () => undefined),
      check("many", async () => [{ ...warning("bad", "fix it"), name: "first" }, ok("fine")]),
      check("own", async () => ok("good"), { group: "profile", profile: "gardener" }),
    ]);
    expect(results).toEqual([
      { name: "one", group: "host", profile: null, status: "ok", summary: "good", fix: null },
      { name: "first", group: "host", profile: null, status: "warning", summary: "bad", fix: "fix it" },
      { name: "many", group: "host", profile: null, status: "ok", summary: "fine", fix: null },
      { name: "own", group: "profile", profile: "gardener", status: "ok", summary: "good", fix: null },
    ]);
  });

  it("that never end are failures, and the others are told", async () => {
    let gaveUp = false;
    const [hung, fine] = await runChecks([
      check(
        "hung",
        (signal) => {
          signal.addEventListener("abort", () => (gaveUp = true));
          return new Promise(() => undefined);
        },
        { limitMs: 10 },
      ),
      check("fine", async () => ok("good")),
    ]);
    expect(hung).toMatchObject({ status: "failure", summary: "there was no answer within 0.01 s" });
    expect(fine?.status).toBe("ok");
    expect(gaveUp).toBe(true);
  });

  it("that throw are failures, with what the error says to do", async () => {
    const results = await runChecks([
      check("known", async () => {
        throw new AgentdError("mount_invalid", { tried: "mount x", why: "gone", next: "Make it." });
      }),
      check("unknown", async () => {
        throw new TypeError("x is not a function");
      }),
    ]);
    expect(results).toMatchObject([
      { status: "failure", summary: "cannot mount x: gone", fix: "Make it." },
      { status: "failure", summary: "x is not a function" },
    ]);
  });
});

describe("the doctor's report", () => {
  const checks = [
    { name: "linux", group: "host", profile: null, ...ok("Linux 6") },
    { name: "image", group: "profile", profile: "gardener", ...failure("gone\x1b[2J", "podman pull x") },
    { name: "clock", group: "host", profile: null, ...warning("late", "set it") },
  ] as const;
  const report = { ok: false, counts: { ok: 1, warning: 1, failure: 1 }, network: true, checks };

  it("is told in groups, aligned, with what fixes it below, and the counts last", () => {
    expect(doctorText(report, {})).toBe(
      [
        "host",
        "  ok       linux   Linux 6",
        "  warning  clock   late",
        "           to fix  set it",
        "",
        "profile gardener",
        "  failure  image   gone\\x1b[2J",
        "           to fix  podman pull x",
        "",
        "1 failure, 1 warning, 1 ok",
      ].join("\n"),
    );
  });

  it("says where no repository was tried", () => {
    expect(doctorText({ ...report, network: false }, {})).toContain("`agentd doctor --network`");
  });

  it("is coloured where the output has colours", () => {
    const text = doctorText(report, { hasColours: true });
    for (const start of ["\x1b[32mok", "\x1b[33mwarning", "\x1b[31mfailure"]) expect(text).toContain(start);
    expect(doctorText(report, {})).not.toContain("\x1b");
  });
});
