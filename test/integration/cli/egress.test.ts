import { appendFile, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "@iarna/toml";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { recordPaths } from "../../../src/audit/format/record-layout.ts";
import type { OpenRecord } from "../../../src/audit/open/open-record.ts";
import type { ConnectionLine } from "../../../src/gateway/log/egress-line.ts";
import { EgressLog } from "../../../src/gateway/log/egress-log.ts";
import type { HostSummary } from "../../../src/gateway/log/egress-summary.ts";
import type { SessionDocument } from "../../../src/session-document.ts";
import { page, sections, tableRows } from "../../kit/markdown.ts";
import { SUCCESS } from "../../kit/record-document.ts";
import { makeOpenRecord } from "../../kit/work-record.ts";
import { agentd, agentdOnTerminal } from "./installed-cli.ts";

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "agentd-egress-home-"));
});
afterEach(async () => {
  await execa("chmod", ["-R", "u+rwX", home]);
  await execa("rm", ["-rf", home]);
});

function connection(fields: Partial<ConnectionLine> = {}): ConnectionLine {
  return {
    time: "2026-01-02T03:04:05.000Z",
    host: "github.com",
    port: 443,
    verdict: "allowed",
    rule: "*",
    reason: null,
    address: "140.82.121.3",
    bytes_sent: 1024,
    bytes_received: 4096,
    duration_ms: 30,
    ...fields,
  };
}

function denied(fields: Partial<ConnectionLine> = {}): ConnectionLine {
  const nothing = { address: null, bytes_sent: 0, bytes_received: 0, duration_ms: 0 };
  return connection({ host: "evil.example", verdict: "denied", rule: "allow", ...nothing, ...fields });
}

const WORK: readonly ConnectionLine[] = [
  connection(),
  connection({ time: "2026-01-02T03:04:01.000Z", bytes_received: 1024 }),
  connection({ host: "db.corp.example", port: 5432, rule: "db.corp.example:5432", address: "10.0.0.5" }),
  denied(),
  denied({ host: "", port: null, rule: "request" }),
  connection({ host: "gone.example", verdict: "failed", rule: "resolve", address: null }),
];

function egressFile(record: OpenRecord): string {
  return join(recordPaths(record.directory).agentd, "egress.jsonl");
}

/** A session that runs, with the log as the gateway writes it; null for one without an allowlist. */
async function running(lines: readonly ConnectionLine[] | null = WORK): Promise<OpenRecord> {
  const record = await makeOpenRecord(home);
  await record.update({ start_timestamp: "2026-02-03T04:05:10.000Z" });
  if (lines === null) return record;
  const log = await EgressLog.open({ path: egressFile(record), now: Date.now });
  for (const line of lines) log.add(line);
  await log.close();
  return record;
}

async function sealed(
  lines: readonly ConnectionLine[] | null = WORK,
  fields: Partial<Omit<SessionDocument, "outcome">> = {},
): Promise<OpenRecord> {
  const record = await running(lines);
  await record.seal({ ...SUCCESS, ...fields });
  await record.retire();
  return record;
}

interface EgressJson {
  readonly hosts: readonly HostSummary[];
  readonly unreadable_lines: number;
  readonly suggested_allow: readonly unknown[];
}

async function egressJson(...argv: readonly string[]): Promise<EgressJson> {
  const { stdout } = await agentd(home, "egress", "--json", ...argv);
  return JSON.parse(stdout) as EgressJson;
}

describe("agentd egress", () => {
  it("shows what was denied first, and then by the number of connections", async () => {
    const { id } = await sealed();
    const { stdout, exitCode } = await agentd(home, "egress", id);
    expect(stdout).toBe(
      [
        `session ${id}  site-builder  success  4 hosts, 6 connections, 4.0 KiB sent, 13 KiB received`,
        "",
        "HOST             PORT  VERDICT  RULE                  COUNT  SENT     RECEIVED  FIRST SEEN",
        "evil.example     443   denied   allow                 1      0 B      0 B       2026-01-02T03:04:05Z",
        "-                -     denied   request               1      0 B      0 B       2026-01-02T03:04:05Z",
        "gone.example     443   failed   resolve               1      1.0 KiB  4.0 KiB   2026-01-02T03:04:05Z",
        "github.com       443   allowed  *                     2      2.0 KiB  5.0 KiB   2026-01-02T03:04:01Z",
        "db.corp.example  5432  allowed  db.corp.example:5432  1      1.0 KiB  4.0 KiB   2026-01-02T03:04:05Z",
        "",
      ].join("\n"),
    );
    expect(exitCode).toBe(0);
  });

  it("shows only what was denied on request", async () => {
    const { id } = await sealed();
    const { stdout } = await agentd(home, "egress", "--denied", id);
    expect(stdout).toContain("1 host, 2 connections, 0 B sent");
    expect(stdout).toContain("evil.example");
    expect(stdout).not.toContain("github.com");
    const quiet = await agentd(home, "egress", "--denied", (await sealed([connection()])).id);
    expect(quiet).toMatchObject({ exitCode: 0, stdout: "" });
    expect(quiet.stderr).toContain("was denied nothing");
  });

  it("shows the newest session that has connections on record, running or not, and says which", async () => {
    await sealed();
    const newest = await running([connection({ host: "live.example" })]);
    await sealed(null);
    const { stdout } = await agentd(home, "egress");
    expect(stdout).toMatch(new RegExp(`^session ${newest.id} {2}site-builder {2}`));
    expect(stdout).toContain("live.example");
    const latest = await agentd(home, "egress", "--latest");
    expect(latest).toMatchObject({ exitCode: 1, stdout: "" });
    expect(latest.stderr).toContain("it had no allowlist, so its connections were not recorded");
  });

  it("says how to get a record of connections where there is none", async () => {
    const none = await agentd(home, "egress");
    expect(none).toMatchObject({ exitCode: 1, stdout: "" });
    expect(none.stderr).toContain('Set network = "allowlist" and allow = ["*"] in a profile');
    const { id } = await sealed(null);
    const without = await agentd(home, "egress", id);
    expect(without).toMatchObject({ exitCode: 1, stdout: "" });
    expect(without.stderr).toContain(`cannot show the connections of session ${id}: it had no allowlist`);
    expect(without.stderr).toContain(
      'Set network = "allowlist" and allow = ["*"] in the profile site-builder',
    );
    const queued = await makeOpenRecord(home);
    const early = await agentd(home, "egress", queued.id);
    expect(early.stderr).toContain("it has not started yet");
    expect(early.stderr).toContain(`agentd wait ${queued.id}`);
  });

  it("says that a session made no connection", async () => {
    const { id } = await sealed([]);
    const { stdout, stderr, exitCode } = await agentd(home, "egress", id);
    expect({ stdout, stderr, exitCode }).toEqual({
      stdout: "",
      stderr: `agentd: session ${id} has made no connection\n`,
      exitCode: 0,
    });
    const suggested = await agentd(home, "egress", "--suggest", id);
    expect(suggested).toMatchObject({ stdout: "allow = []\n", stderr: "", exitCode: 0 });
  });

  it("prints JSON", async () => {
    const { id } = await sealed();
    const { hosts, ...rest } = await egressJson(id);
    expect(rest).toEqual({
      session_id: id,
      profile: "site-builder",
      unreadable_lines: 0,
      suggested_allow: [{ host: "db.corp.example:5432", private: true }, "github.com:443"],
    });
    expect(hosts).toHaveLength(5);
    expect(hosts[0]).toEqual({
      host: "evil.example",
      port: 443,
      verdict: "denied",
      rule: "allow",
      connections: 1,
      bytes_sent: 0,
      bytes_received: 0,
      first_time: "2026-01-02T03:04:05.000Z",
      is_private: false,
    });
    const described = tableRows(sections(page("json.md"), 2).get("A host that a session connected to") ?? "");
    expect(described.map(([field]) => field)).toEqual(Object.keys(hosts[0] ?? {}));
    const onlyDenied = await egressJson("--denied", id);
    expect(onlyDenied.hosts).toHaveLength(2);
    expect(onlyDenied.suggested_allow).toEqual(rest.suggested_allow);
    const empty = await egressJson((await sealed([])).id);
    expect(empty).toMatchObject({ hosts: [], suggested_allow: [] });
  });

  it("suggests what the session needs as TOML, and names what it leaves out", async () => {
    const { id } = await sealed();
    const { stdout, stderr } = await agentd(home, "egress", "--suggest", id);
    expect(stdout).toBe('allow = [{ host = "db.corp.example:5432", private = true }, "github.com:443"]\n');
    expect(parse(stdout)["allow"]).toHaveLength(2);
    expect(stderr).toContain("left out, because the session was denied them: evil.example:443 (allow)");
    const names = Array.from({ length: 30 }, (_, at) => `host-${at}.example`);
    expect(stderr).not.toContain("(request)");
    const newest = await agentd(home, "egress", "--suggest");
    expect(newest.stdout).toBe(stdout);
    expect(newest.stderr).toContain(`what session ${id} of site-builder needs:`);
    const many = await sealed(names.map((host) => connection({ host })));
    const suggested = (await agentd(home, "egress", "--suggest", many.id)).stdout;
    expect(suggested.split("\n").length).toBeGreaterThan(30);
    expect(parse(suggested)["allow"]).toEqual(names.map((host) => `${host}:443`).sort());
  });

  it("suggests together with neither --denied nor --json", async () => {
    for (const other of ["--denied", "--json"]) {
      const { stderr, exitCode } = await agentd(home, "egress", "--suggest", other);
      expect(exitCode).toBe(2);
      expect(stderr).toContain("--suggest goes with neither --denied nor --json");
    }
  });

  it("lets no host act on the terminal, nor into the suggestion", async () => {
    const record = await running([denied({ host: `\u001b[31m\u202e${"x".repeat(5_000)}` })]);
    // Not by agentd's own writer: a record that somebody has changed.
    const line = (host: string): string => `${JSON.stringify(connection({ host }))}\n`;
    await appendFile(egressFile(record), line("\u001b]0;title\u0007\u009b31mforged.example"));
    await appendFile(
      egressFile(record),
      line('x", "*') + line("*") + line("*.example.org") + line("UPPER.example"),
    );
    const outputs = [
      await agentd(home, "egress", record.id),
      await agentd(home, "egress", "--json", record.id),
      await agentd(home, "egress", "--suggest", record.id),
      await agentd(home, "show", record.id),
    ];
    for (const { stdout, stderr, exitCode } of outputs) {
      expect(exitCode).toBe(0);
      expect(stdout + stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    }
    expect(outputs[0]?.stdout).toContain("\\x1b]0;title\\x07\\x9b31mforged.example");
    expect(outputs[2]?.stdout).toBe("allow = []\n");
    const { stdout: shown } = await agentdOnTerminal(home, "egress", record.id);
    expect(shown).toContain("…");
    expect(shown).not.toContain("x".repeat(80));
  });

  it("leaves out lines that are none, and says how many", async () => {
    const record = await running([connection()]);
    const lines = ["not json", "[]", "{}", `{"host":"${"y".repeat(1_000_000)}"}`, '{"time":"2026-01-02T'];
    await appendFile(egressFile(record), lines.join("\n"));
    const { stdout, stderr, exitCode } = await agentd(home, "egress", record.id);
    expect(exitCode).toBe(0);
    expect(stdout).toContain("1 host, 1 connection,");
    expect(stderr).toBe("agentd: 5 lines of its egress.jsonl cannot be read and are left out\n");
    const json = await egressJson(record.id);
    expect(json.unreadable_lines).toBe(5);
  });

  it("counts a flood in full, with the hosts that were only counted", async () => {
    const record = await running([]);
    const log = await EgressLog.open({ path: egressFile(record), now: Date.now });
    for (let at = 0; at < 12_000; at += 1) {
      log.add(connection());
      // As connections come: what waits for the disk is bounded too.
      if (at % 500 === 0) while (log.isWriting) await new Promise((done) => setImmediate(done));
    }
    for (let at = 0; at < 1_200; at += 1) log.add(denied({ host: `host-${at}.example` }));
    await log.close();
    const { hosts } = await egressJson(record.id);
    expect(hosts).toContainEqual(expect.objectContaining({ host: "github.com", connections: 12_000 }));
    expect(hosts[0]).toMatchObject({ host: "(other hosts)", port: null, verdict: "denied" });
    const counted = hosts.reduce((sum, { connections }) => sum + connections, 0);
    expect(counted).toBe(13_200);
    const suggested = await agentd(home, "egress", "--suggest", record.id);
    expect(suggested.stdout).toBe('allow = ["github.com:443"]\n');
    expect(suggested.stderr).toMatch(/and \d+ more: see `agentd egress --denied /);
  });

  it("follows no link out of the record", async () => {
    const record = await running([connection()]);
    await rm(egressFile(record));
    await symlink("/etc/passwd", egressFile(record));
    const { stdout, stderr, exitCode } = await agentd(home, "egress", record.id);
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 1 });
    expect(stderr).toContain("it is a symbolic link, not a regular file");
  });
});

describe("agentd show", () => {
  it("names the hosts that a session was denied, from its document once it is sealed", async () => {
    const names = Array.from({ length: 8 }, (_, at) => `evil-${at}.example:443`);
    const egress = { allowed: ["github.com:443"], denied: names, allowed_count: 1, denied_count: 9 };
    const { id } = await sealed([], { egress });
    const { stdout } = await agentd(home, "show", id);
    expect(stdout).toMatch(/^ {2}network +allowlist$/m);
    expect(stdout).toMatch(/^ {2}egress +10 hosts, 9 denied: evil-0\.example:443, .* and 4 more$/m);
    expect(stdout).not.toContain("evil-5.example");
  });

  it("reads them from the file of a session that runs", async () => {
    const { id } = await running([connection(), denied()]);
    const { stdout } = await agentd(home, "show", id);
    expect(stdout).toMatch(/^ {2}egress +2 hosts, 1 denied: evil\.example:443$/m);
  });

  it("has no such lines for a session without an allowlist", async () => {
    const { id } = await sealed(null);
    const { stdout } = await agentd(home, "show", id);
    expect(stdout).not.toMatch(/^ {2}(network|egress) /m);
  });
});
