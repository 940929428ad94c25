import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { page, sections, tableRows } from "../../kit/markdown.ts";

const unit = readFileSync(resolve(import.meta.dirname, "../../../systemd/agentd.service"), "utf8");
const settings = unit.split("\n").filter((line) => /^[A-Z]\w*=/.test(line));
const directives = settings.map((line) => line.slice(0, line.indexOf("=")));

/** Those of the unit that have nothing to do with what it confines. */
const OTHERS =
  /^(Description|Type|NotifyAccess|Exec\w+|Environment|EnvironmentFile|SyslogIdentifier|Restart\w*|Watchdog\w+|Timeout\w+|KillMode|OOMPolicy|WantedBy)$/;

describe("what the page on hosts says of the unit", () => {
  const rows = tableRows(
    sections(page("host.md"), 3).get("What confines the service, and what does not") ?? "",
  );
  const named = (answer: string): string[] =>
    rows.filter(([, inUnit]) => inUnit === answer).flatMap(([what = ""]) => what.split(", "));

  it("names every directive that confines the daemon, as the unit has it", () => {
    const confining = settings.filter((line) => !OTHERS.test(line.slice(0, line.indexOf("="))));
    expect(named("yes").sort()).toEqual(confining.sort());
  });

  it("names as missing only what is missing", () => {
    const missing = named("no").map((directive) => directive.replace(/=.*/, ""));
    expect(missing).toContain("NoNewPrivileges");
    expect(missing.filter((directive) => directives.includes(directive))).toEqual([]);
  });
});
