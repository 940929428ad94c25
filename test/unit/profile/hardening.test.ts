import { describe, expect, it } from "vitest";
import { profileDocumentSchema } from "../../../src/profile/document.ts";
import { profileSchema, toProfile } from "../../../src/profile/profile.ts";
import { exceptionEndMs, HARDENING_RULES, untilFault } from "../../../src/profile/rules/hardening.ts";
import { expired, hardeningWarnings, recordedExceptions } from "../../../src/profile/weakened.ts";
import { page, sections } from "../../kit/markdown.ts";

const REQUIRED = { name: "demo", base_image: "localhost/demo", command: ["demo"] };
const DAY_MS = 24 * 60 * 60 * 1000;

/** The profile, and the messages of its problems. */
function problemsOf(keys: Readonly<Record<string, unknown>>): string[] {
  const { error } = profileDocumentSchema.safeParse({ ...REQUIRED, ...keys });
  return (error?.issues ?? []).map(({ path, message }) => `${path.join(".")}: ${message}`);
}

function profileOf(keys: Readonly<Record<string, unknown>>) {
  const document = profileDocumentSchema.parse({ ...REQUIRED, ...keys });
  return profileSchema.parse(toProfile(document, (path) => `/etc/${path}`, { providers: [], prices: [] }));
}

const WEAKER: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  E001: { network: "host" },
  E002: { mounts: [{ source: "/srv/out", target: "/out" }] },
  E003: { cap_add: ["NET_RAW"] },
  E004: { devices: ["/dev/kvm", "nvidia.com/gpu=all"] },
  E005: { seccomp_profile: "filter.json" },
  E006: { read_only_root: false },
  E007: { runtime: "runsc" },
};

describe("a rule of hardening", () => {
  it.each(HARDENING_RULES)("$code $name is refused, or warned of, without an exception", (rule) => {
    const keys = WEAKER[rule.code]!;
    const problems = problemsOf(keys);
    if (rule.without === "warning") {
      expect(problems).toEqual([]);
      expect(hardeningWarnings(profileOf(keys), 0)).toEqual([
        expect.stringMatching(`^${rule.code} ${rule.name}: `) as string,
      ]);
    } else {
      expect(problems).toEqual([
        expect.stringMatching(`^${rule.key}: ${rule.code} ${rule.name}: `) as string,
      ]);
    }
  });

  it.each(HARDENING_RULES)("$code is allowed by its code or its name, and recorded", ({ code, name }) => {
    for (const allow of [code, name, code.toLowerCase()]) {
      const keys = { ...WEAKER[code], exceptions: [{ allow, reason: "a test needs it" }] };
      expect(problemsOf(keys)).toEqual([]);
      const profile = profileOf(keys);
      expect(hardeningWarnings(profile, 0)).toEqual([]);
      expect(recordedExceptions(profile)).toMatchObject([
        { rule: code, name, reason: "a test needs it", until: null },
      ]);
    }
  });

  it("is not weakened by a profile that says nothing", () => {
    const profile = profileOf({});
    expect(recordedExceptions(profile)).toEqual([]);
    expect(profile).toMatchObject({ readOnlyRoot: true, tmpBytes: 1024 ** 3, capAdd: [], devices: [] });
  });

  it("is not allowed by an exception to another rule", () => {
    const exceptions = [{ allow: "E003", reason: "a test needs it" }];
    expect(problemsOf({ devices: ["/dev/kvm"], exceptions })).toHaveLength(1);
    expect(hardeningWarnings(profileOf({ exceptions }), 0)).toEqual([
      "E003 capability: the exception allows what the profile does not use",
    ]);
  });

  it("names each target that can be written, and no other", () => {
    const mounts = [
      { source: "/srv/in", target: "/in", read_only: true },
      { source: "/srv/out", target: "/out" },
    ];
    expect(recordedExceptions(profileOf({ mounts }))).toEqual([
      { rule: "E002", name: "writable-mount", what: ["/out"], reason: null, until: null },
    ]);
  });
});

describe("an exception", () => {
  it.each([
    ["a rule that does not exist", { allow: "E999", reason: "x" }, "exceptions.0.allow"],
    ["no reason", { allow: "E003", reason: " " }, "exceptions.0.reason"],
    ["a day that does not exist", { allow: "E003", reason: "x", until: "2027-02-31" }, "exceptions.0.until"],
    ["another key", { allow: "E003", reason: "x", because: "y" }, "exceptions.0"],
  ])("is refused with %s", (_what, exception, where) => {
    const problems = problemsOf({ cap_add: ["NET_RAW"], exceptions: [exception] });
    expect(problems).toContainEqual(expect.stringMatching(`^${where}: `) as string);
  });

  it("is refused twice for one rule", () => {
    const exceptions = ["E003", "capability"].map((allow) => ({ allow, reason: "x" }));
    expect(problemsOf({ cap_add: ["NET_RAW"], exceptions })).toEqual([
      "exceptions.1.allow: another exception of this profile already allows this rule",
    ]);
  });

  it.each(["2027-03-31", "2028-02-29", "2027-03-31T18:00:00Z", "2027-03-31T18:00:00.5+02:00"])(
    "may hold until %s",
    (until) => {
      expect(untilFault(until)).toBeUndefined();
    },
  );

  it.each(["tomorrow", "2027-3-1", "2027-02-30", "2027-03-31T18:00", "2027-02-30T10:00:00Z", ""])(
    "cannot hold until %j",
    (until) => {
      expect(untilFault(until)).toBeDefined();
    },
  );

  it("holds through its last day in every time zone, and not longer", () => {
    const end = exceptionEndMs({ allow: "E003", reason: "x", until: "2027-03-31" })!;
    expect(new Date(end).toISOString()).toBe("2027-04-01T12:00:00.000Z");
    const profile = profileOf({
      cap_add: ["NET_RAW"],
      exceptions: [{ allow: "E003", reason: "x", until: "2027-03-31" }],
    });
    expect(expired(profile, end - 1)).toEqual([]);
    expect(expired(profile, end).map(({ rule }) => rule.code)).toEqual(["E003"]);
    expect(hardeningWarnings(profile, end + DAY_MS)).toEqual([
      "E003 capability: the exception has held until 2027-03-31; its sessions are refused",
    ]);
  });

  it("that is over refuses no session for a key that needs none", () => {
    const profile = profileOf({
      network: "host",
      exceptions: [{ allow: "E001", reason: "x", until: "2020-01-01" }],
    });
    expect(expired(profile, Date.UTC(2027, 0))).toEqual([]);
  });
});

describe("names of capabilities and devices", () => {
  const exceptions = ["E003", "E004"].map((allow) => ({ allow, reason: "x" }));

  it.each(["ALL", "CAP_ALL", "net_raw", "", "NET RAW"])("%j is no capability", (name) => {
    expect(problemsOf({ cap_add: [name], exceptions })).not.toEqual([]);
  });

  it.each(["kvm", "/dev/../etc/shadow", "/etc/shadow", "/dev/kvm:/dev/x:rwm", "nvidia.com", "/dev/a b"])(
    "%j is no device",
    (name) => {
      expect(problemsOf({ devices: [name], exceptions })).not.toEqual([]);
    },
  );
});

describe("docs/hardening.md", () => {
  const rules = sections(page("hardening.md"), 3);

  it.each(HARDENING_RULES)("explains $code $name as the command line does", (rule) => {
    const text = rules.get(`${rule.code} ${rule.name}`)?.replaceAll(/\s+/g, " ");
    expect(text).toContain(rule.explanation);
    expect(text).toContain(`Key \`${rule.key}\`: ${rule.title}.`);
  });

  it("explains no other rule", () => {
    const codes = [...rules.keys()].filter((heading) => /^E\d/.test(heading));
    expect(codes).toHaveLength(HARDENING_RULES.length);
  });
});
