import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { NOTICE_KINDS } from "../../../src/notify/target.ts";
import { ConfigFile, PROFILE } from "../../kit/config-under-test.ts";

let file: ConfigFile;
beforeEach(async () => {
  file = await ConfigFile.create();
});
afterEach(async () => {
  await file.remove();
});

describe("targets of notifications", () => {
  it("have these defaults", async () => {
    const { notify } = await file.load(`[[notify]]\nname = "team"\nurl_source = "TEAM_URL"\n${PROFILE}`);
    expect(notify).toEqual([
      {
        ...{ name: "team", on: NOTICE_KINDS, profiles: undefined, after: 1, remindMs: 43_200_000 },
        via: { kind: "url", urlSource: "TEAM_URL", format: "standard", secretSource: undefined },
      },
    ]);
  });

  it("say everything that they can say", async () => {
    const { notify } = await file.load(`
      [[notify]]
      name = "mail"
      on = ["failure", "recovery"]
      profiles = ["demo", "site-*"]
      after = 3
      remind = "0s"
      command = ["/bin/mail", "-s"]
      [[notify]]
      name = "signed"
      url_source = "SIGNED_URL"
      secret_source = "SIGNED_KEY"
      [[notify]]
      name = "lives"
      url_source = "PING_URL"
      format = "ping"
      ${PROFILE}`);
    expect(notify).toMatchObject([
      {
        ...{ on: ["failure", "recovery"], profiles: ["demo", "site-*"], after: 3, remindMs: undefined },
        via: { kind: "command", command: ["/bin/mail", "-s"] },
      },
      { via: { secretSource: "SIGNED_KEY", format: "standard" } },
      { via: { format: "ping" } },
    ]);
  });

  it.each<[string, string, string | undefined, string, number]>([
    ['name = "a b"\ncommand = ["x"]', "notify[0].name", '"a b"', "must be 1 to 32 of a-z", 2],
    ['name = "a"', "notify[0]", "", "must have command or url_source", 1],
    [
      'name = "a"\ncommand = ["x"]\nurl_source = "X"',
      "notify[0]",
      "",
      "must not have command and url_source",
      1,
    ],
    ['name = "a"\ncommand = ["-x"]', "notify[0].command", "an array", "must begin with a program", 3],
    ['name = "a"\ncommand = ["x"]\non = ["failures"]', "notify[0].on[0]", '"failures"', "failure", 4],
    ['name = "a"\ncommand = ["x"]\nafter = 0', "notify[0].after", "0", "whole number from 1", 4],
    ['name = "a"\ncommand = ["x"]\nremind = "often"', "notify[0].remind", '"often"', "a duration is", 4],
    ['name = "a"\ncommand = ["x"]\nformat = "ntfy"', "notify[0].format", "ntfy", "needs url_source", 4],
    ['name = "a"\nurl_source = "X"\nformat = "teams"', "notify[0].format", '"teams"', "ntfy", 4],
    [
      'name = "a"\nurl_source = "X"\nformat = "ping"\non = ["failure"]',
      "notify[0].on",
      "",
      "has no meaning",
      5,
    ],
    [
      'name = "a"\nurl_source = "https://x.example/hunter2"',
      "notify[0].url_source",
      "(not shown)",
      "not a value",
      3,
    ],
    ['name = "a"\ncommand = ["x"]\nprofiles = ["dmeo"]', "notify[0].profiles[0]", '"dmeo"', '"demo"', 4],
  ])("are refused: %j", async (source, path, value, rule, line) => {
    await file.expectOneProblem(`[[notify]]\n${source}\n${PROFILE}`, { path, value, rule, line });
  });

  it("have names of their own", async () => {
    const one = '[[notify]]\nname = "a"\ncommand = ["x"]\n';
    await file.expectOneProblem(`${one}${one}${PROFILE}`, {
      ...{ path: "notify[1].name", value: '"a"', rule: "another target already has this name", line: 5 },
    });
  });
});

describe("sinks", () => {
  it("are a file, an address, a secret address or the journal", async () => {
    const { sinks } = await file.load(
      `[[sinks]]\nfile = "events.jsonl"\n[[sinks]]\nurl = "https://x.example/e"\n[[sinks]]\nurl_source = "E"\n[[sinks]]\njournald = true\n${PROFILE}`,
    );
    expect(sinks).toEqual([
      { kind: "file", path: `${file.directory}/events.jsonl` },
      { kind: "url", url: "https://x.example/e" },
      { kind: "url_source", source: "E" },
      { kind: "journald" },
    ]);
  });

  it.each<[string, string, string | undefined, string, number]>([
    ["", "sinks[0]", "", "must have one of file, url, url_source, journald", 1],
    ['file = "a"\njournald = true', "sinks[0]", "", "must not have file and journald", 1],
    ["journald = false", "sinks[0].journald", "false", "must be true, or left out", 2],
    ['url = "ftp://x.example"', "sinks[0].url", '"ftp://x.example"', "http or https URL", 2],
    ['file = "a"\n[[sinks]]\nfile = "a"', "sinks[1]", "", "another sink is already the same", 3],
  ])("are refused: %j", async (source, path, value, rule, line) => {
    await file.expectOneProblem(`[[sinks]]\n${source}\n${PROFILE}`, { path, value, rule, line });
  });
});
