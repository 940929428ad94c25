/** What users of podman, docker and gh type by habit: every other word and flag, and what each comes to. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AgentdError } from "../../../src/errors.ts";
import { listed as withoutExcluded, type SessionView } from "../../../src/session-document.ts";
import { sealed, type SmallDaemon, startSmallDaemon, STATUS, view } from "../../kit/small-daemon.ts";
import { agentd } from "./installed-cli.ts";

const RUNNING = view({
  session_id: "0198f2a4c6e80003",
  profile: "fixer",
  state: "running",
  work_unit: "issue-42",
  start_timestamp: "2026-01-02T03:04:06.000Z",
});
const FAILED = sealed({
  session_id: "0198f2a4c6e80002",
  profile: "nightly",
  outcome: "work_failed",
  exit_code: 5,
  queued_timestamp: "2026-01-01T03:04:05.000Z",
});
const DONE = sealed({
  session_id: "0198f2a4c6e80001",
  profile: "fixer",
  queued_timestamp: "2025-12-31T03:04:05.000Z",
});
const SESSIONS = [RUNNING, FAILED, DONE];

let daemon: SmallDaemon;
let stopped: string[];

/** As the daemon finds a session; with an exact id, a piece of one, or a profile. */
function find(name: string): SessionView {
  const found = SESSIONS.find(({ session_id: id, profile }) => profile === name || id.includes(name));
  if (found !== undefined) return found;
  throw new AgentdError("unknown_session", { tried: `find session ${name}`, why: "there is none" });
}

beforeAll(async () => {
  stopped = [];
  daemon = await startSmallDaemon({
    list: ({ all, limit, profile, failed }) => {
      const matching = SESSIONS.filter(
        (each) =>
          (all || each.state !== "sealed") &&
          (profile === undefined || each.profile === profile) &&
          (failed !== true || each.outcome === "work_failed"),
      );
      return Promise.resolve({
        sessions: matching.slice(0, limit).map(withoutExcluded),
        unreadable: [],
        total: matching.length,
      });
    },
    show: ({ session }) => Promise.resolve(find(session)),
    stop: ({ session }) => {
      stopped.push(session);
      return Promise.resolve(find(session));
    },
    wait: ({ session }) => {
      const found = find(session);
      return Promise.resolve(found.outcome === null ? sealed({ ...found, outcome: "cancelled" }) : found);
    },
    status: () => Promise.resolve(STATUS),
  });
});
afterAll(async () => {
  await daemon.stop();
});

async function printed(...argv: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await agentd(daemon.directory, ...argv);
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
  return stdout;
}

describe("another word", () => {
  it.each([
    [["ls"], ["ps"]],
    [["list"], ["ps"]],
    [
      ["ls", "-a"],
      ["ps", "--all"],
    ],
    [
      ["inspect", "fixer", "--json"],
      ["show", "fixer", "--json"],
    ],
    [["info"], ["status"]],
    [["version"], ["--version"]],
  ])("%j prints what %j does", async (other, own) => {
    expect(await printed(...other)).toBe(await printed(...own));
  });

  it.each(["kill", "cancel", "stop"])("%s stops sessions", async (word) => {
    stopped.length = 0;
    const { exitCode, stderr } = await agentd(daemon.directory, word, "0003", "nightly");
    expect({ exitCode, stopped }).toEqual({ exitCode: 0, stopped: [RUNNING.session_id, FAILED.session_id] });
    expect(stderr).toMatch(/session 0198f2a4c6e80003 cancelled[^]*session 0198f2a4c6e80002 work_failed/);
  });

  it.each(["images", "pull"])("%s is answered with the commands for images", async (word) => {
    const { exitCode, stderr } = await agentd(daemon.directory, word);
    expect(exitCode).toBe(2);
    for (const verb of ["ls", "pull", "build", "prune"]) expect(stderr).toContain(`\`agentd image ${verb}\``);
  });

  it("of a command is in its help, and in that of the program", async () => {
    expect(await printed("ls", "--help")).toContain("agentd ls, agentd list");
    expect(await printed("--help")).toMatch(/^ {2}show\|inspect /m);
  });
});

const ids = (...sessions: SessionView[]): string => sessions.map(({ session_id: id }) => `${id}\n`).join("");

describe("ps", () => {
  it.each([
    [["-q"], ids(RUNNING)],
    [["-aq"], ids(...SESSIONS)],
    [["-q", "--all"], ids(...SESSIONS)],
    [["-lq"], ids(RUNNING)],
    [["--latest", "--quiet"], ids(RUNNING)],
    [["-n", "2", "-q"], ids(RUNNING, FAILED)],
    [["--last", "1", "-q"], ids(RUNNING)],
    [["--failed", "-q"], ids(FAILED)],
    [["-a", "--profile", "fixer", "-q"], ids(RUNNING, DONE)],
    [["--since", "1d", "-q"], ids(...SESSIONS)],
    [["--filter", "state=running", "-q"], ids(RUNNING)],
    [["--filter", "status=exited", "-q"], ids(FAILED, DONE)],
    [["--filter", "status=success", "-q"], ids(DONE)],
    [["--filter", "outcome=work_failed", "--filter", "outcome=success", "-q"], ids(FAILED, DONE)],
    [["--filter", "outcome=success", "--filter", "profile=nightly", "-q"], ""],
    [["--filter", "exited=5", "-q"], ids(FAILED)],
    [["--filter", "name=fixer", "-q"], ids(RUNNING)],
    [["-a", "--filter", "name=fixer", "-q"], ids(RUNNING, DONE)],
    [["-a", "--filter", "id=0002", "-q"], ids(FAILED)],
    [["--filter", "work-unit=issue-42", "-q"], ids(RUNNING)],
    [["-a", "--filter", "ancestor=localhost/demo", "-n", "1", "-q"], ids(RUNNING)],
    [["--format", "{{.session_id}}\\t{{.profile}}"], `${RUNNING.session_id}\tfixer\n`],
    [
      ["-a", "--format", "{{ .ID }} {{.Status}}"],
      SESSIONS.map((s) => `${s.session_id} ${s.outcome ?? s.state}\n`).join(""),
    ],
    [["--format", "{{json .command}} {{.llm.usd}}|"], `["demo","exec"] |\n`],
    [["--format", "table {{.Names}}\\t{{.State}}"], "NAMES  STATE\nfixer  running\n"],
  ])("%j prints %j", async (argv, expected) => {
    expect(await printed("ps", ...argv)).toBe(expected);
  });

  it("prints JSON by --format json, and whole ids by --no-trunc", async () => {
    expect(await printed("ps", "--format", "json")).toBe(await printed("ps", "--json"));
    expect(await printed("ps")).toMatch(/^e80003 /m);
    expect(await printed("ps", "--no-trunc")).toMatch(/^0198f2a4c6e80003 /m);
  });

  it.each([
    [["--filter", "colour=red"], "Keys: id, profile,"],
    [["--filter", "state"], "it takes KEY=VALUE"],
    [["--format", "{{.nothing}}"], 'there is no field "nothing"'],
    [["--format", "{{range .}}"], "only fields are known"],
    [["--format", "plain"], "it names no field"],
    [["-q", "--json"], "give one of --json, --quiet and --format"],
    [["-l", "-n", "3"], "give one of --latest, --last and --limit"],
  ])("%j is refused with what it takes", async (argv, why) => {
    const { exitCode, stderr } = await agentd(daemon.directory, "ps", ...argv);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(why);
  });
});

describe("several sessions", () => {
  it("are shown one after the other, or as an array", async () => {
    const shown = JSON.parse(await printed("show", "0001", "nightly", "--json")) as SessionView[];
    expect(shown.map(({ session_id: id }) => id)).toEqual([DONE.session_id, FAILED.session_id]);
    expect(await printed("inspect", "0001", "0002", "-f", "{{.Outcome}}")).toBe("success\nwork_failed\n");
    const text = await printed("show", "0001", "0002");
    expect(text).toMatch(/^session 0198f2a4c6e80001[^]*\n\nsession 0198f2a4c6e80002/);
  });

  it("are waited for, and the first code that is not 0 counts", async () => {
    const { exitCode, stdout } = await agentd(daemon.directory, "wait", "0001", "0002", "--json");
    expect(exitCode).toBe(5);
    expect(JSON.parse(stdout)).toHaveLength(2);
  });

  it("are not stopped when one of the names is wrong", async () => {
    stopped.length = 0;
    const { exitCode } = await agentd(daemon.directory, "stop", "0003", "nobody");
    expect({ exitCode, stopped }).toEqual({ exitCode: 1, stopped: [] });
  });
});

describe("the newest session", () => {
  it.each([
    ["of all by -l", ["show", "-l", "-f", "{{.ID}}"]],
    ["of all by --latest", ["show", "--latest", "-f", "{{.ID}}"]],
    ["of a profile by its name", ["show", "fixer", "-f", "{{.ID}}"]],
    ["by a piece of its id", ["show", "e80003", "-f", "{{.ID}}"]],
  ])("is meant %s", async (_how, argv) => {
    expect(await printed(...argv)).toBe(ids(RUNNING));
  });
});
