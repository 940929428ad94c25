import { describe, expect, it } from "vitest";
import type { Webhook } from "../../../src/webhooks/hook.ts";
import { eventName, judge } from "../../../src/webhooks/judge.ts";
import { fillIn } from "../../../src/webhooks/template.ts";

const HOOK: Webhook = {
  name: "default",
  kind: "github",
  secret_source: "HOOK_SECRET",
  events: ["issues.labeled"],
  match: { "label.name": "agent" },
  work_unit: "issue-{issue.number}",
  request: "{issue.title}\n\n{issue.body}",
};

const PAYLOAD = {
  action: "labeled",
  label: { name: "agent" },
  issue: { number: 42, title: "Fix it", body: null },
};

describe("the name of an event", () => {
  it.each([
    ["github", "issues", PAYLOAD, "issues.labeled"],
    ["github", "push", {}, "push"],
    ["gitea", "issues", { action: "opened" }, "issues.opened"],
    ["gitlab", undefined, { object_kind: "issue", object_attributes: { action: "open" } }, "issue.open"],
    ["gitlab", undefined, { object_kind: "push" }, "push"],
    ["standard", undefined, { type: "invoice.paid" }, "invoice.paid"],
    ["bearer", undefined, { type: 7 }, undefined],
    ["github", undefined, {}, undefined],
  ] as const)("is found: %s %s", (kind, named, payload, name) => {
    expect(eventName(kind, named, payload)).toBe(name);
  });
});

describe("a delivery", () => {
  it("starts a session with what its templates say", () => {
    expect(judge(HOOK, "issues.labeled", PAYLOAD)).toEqual({
      kind: "run",
      workUnit: "issue-42",
      ref: undefined,
      request: "Fix it\n\n",
    });
  });

  it.each([
    ["another event", HOOK, "issues.opened", PAYLOAD, "its event is issues.opened"],
    [
      "an event that only begins alike",
      { ...HOOK, events: ["issue"] },
      "issues.labeled",
      PAYLOAD,
      "its event",
    ],
    ["no event", HOOK, undefined, PAYLOAD, "it names no event"],
    ["another value", HOOK, "issues.labeled", { ...PAYLOAD, label: { name: "bug" } }, 'is "bug"'],
    ["a missing value", HOOK, "issues.labeled", { ...PAYLOAD, label: null }, "is missing"],
    [
      "a number for a text",
      { ...HOOK, match: { "issue.number": "42" } },
      "issues.labeled",
      PAYLOAD,
      "issue.number is 42",
    ],
  ])("is ignored for %s", (_what, hook, event, payload, why) => {
    const judgement = judge(hook, event, payload);
    expect(judgement).toMatchObject({ kind: "ignored", why: expect.stringContaining(why) as string });
  });

  it("is taken for any action where the event is named without, for every event where none is, and for one of several values", () => {
    for (const events of [["issues"], []])
      expect(judge({ ...HOOK, events }, "issues.labeled", PAYLOAD).kind).toBe("run");
    const match = { "label.name": ["bug", "agent"], "issue.number": 42 };
    expect(judge({ ...HOOK, match }, "issues.labeled", PAYLOAD).kind).toBe("run");
  });

  it("is refused where its ref or its request would be", () => {
    const payload = { ...PAYLOAD, ref: "--upload-pack=x", issue: { title: " " } };
    expect(judge({ ...HOOK, work_unit: undefined, ref: "{ref}" }, "issues.labeled", payload)).toMatchObject({
      kind: "refused",
      why: expect.stringContaining("its ref is refused: a leading -") as string,
    });
    expect(judge({ ...HOOK, work_unit: undefined }, "issues.labeled", payload)).toEqual({
      kind: "refused",
      why: "its request is refused: it is empty",
    });
  });

  it.each([
    ["is missing", "issue-{issue.id}", "the payload has no issue.id"],
    ["is null", "issue-{issue.body}", "the payload has no issue.body"],
    ["is an object", "issue-{issue}", "issue of the payload is no text"],
    ["is what every object has", "{constructor.name}", "the payload has no constructor.name"],
    ["makes no work unit", "{action}\n", "its work unit is not"],
    ["is behind a text", "{issue.title.length}", "the payload has no issue.title.length"],
  ])("is refused where a value %s", (_what, workUnit, why) => {
    const judgement = judge({ ...HOOK, work_unit: workUnit }, "issues.labeled", PAYLOAD);
    expect(judgement).toMatchObject({ kind: "refused", why: expect.stringContaining(why) as string });
  });
});

describe("a template", () => {
  it("leaves other braces, and takes what the payload has as text: it is not filled in again", () => {
    const payload = { a: "{b}", b: "secret", list: [{ id: 1 }] };
    expect(fillIn("{ x } {} {{a}} {list.0.id}", payload, { most: 100 })).toBe("{ x } {} {{b}} 1");
  });

  it("does not grow without bound", () => {
    expect(() => fillIn("{a}".repeat(100), { a: "x".repeat(1000) }, { most: 5000 })).toThrow(
      "longer than 5000",
    );
  });
});
