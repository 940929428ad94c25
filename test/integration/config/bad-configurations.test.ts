import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ConfigFile, PROFILE } from "../../kit/config-under-test.ts";

let file: ConfigFile;

beforeEach(async () => {
  file = await ConfigFile.create();
});
afterEach(async () => {
  await file.remove();
});

describe("a bad configuration", () => {
  it.each([
    ["", "profiles", undefined, "is required", undefined],
    ["profiles = []", "profiles", "[]", "at least one", 1],
    ['[profiles]\nname = "x"', "profiles", "a table", "[[name]]", 1],
    ["daemon = 1", "daemon", "1", "must be a table", 1],
    ['daemon = "x"', "daemon", '"x"', "must be a table", 1],
    ["[deamon]", "deamon", undefined, 'did you mean "daemon"?', 1],
    ['[daemon]\nshutdown = "wait"', "daemon.shutdown", '"wait"', "detach", 2],
    ["[daemon]\nshutdown = true", "daemon.shutdown", "true", "detach", 2],
    ["[daemon]\nmax_session = 1", "daemon.max_session", undefined, 'did you mean "max_sessions"?', 2],
    ["[daemon]\nmax_sessions = 0", "daemon.max_sessions", "0", "whole number from 1", 2],
    ["[daemon]\nmax_sessions = -1", "daemon.max_sessions", "-1", "whole number from 1", 2],
    ["[daemon]\nmax_sessions = 2.5", "daemon.max_sessions", "2.5", "whole number", 2],
    ['[daemon]\nmax_sessions = "4"', "daemon.max_sessions", '"4"', "whole number", 2],
    ["[daemon]\nmax_sessions = 99999999999999999999", "daemon.max_sessions", "", "whole number", 2],
    ["[daemon]\nmax_sessions = inf", "daemon.max_sessions", "Infinity", "whole number", 2],
    ['[daemon]\nmemory_budget = "8 GB"', "daemon.memory_budget", '"8 GB"', "a size is", 2],
    ["[daemon]\nmemory_budget = 8", "daemon.memory_budget", "8", "must be a string", 2],
    ["[daemon]\nmax_sessions = 1979-05-27", "daemon.max_sessions", "a date", "whole number", 2],
    ['[daemon]\nsocket_path = ""', "daemon.socket_path", '""', "not be empty", 2],
    ['[daemon]\naudit_root = "a\\u0000b"', "daemon.audit_root", '"a\\u0000b"', "NUL", 2],
    ["[daemon]\npodman_socket = true", "daemon.podman_socket", "true", "must be a string", 2],
    ["[daemon]\n__proto__ = 1", "daemon.__proto__", undefined, "unknown key", 2],
    ["[daemon]\nconstructor = 1", "daemon.constructor", undefined, "unknown key", 2],
    ['["__proto__"]\nx = 1', "__proto__", undefined, "unknown key", 1],
    ['[daemon]\nlog_limit = "1 GB"', "daemon.log_limit", '"1 GB"', "a size is a whole number and a unit", 2],
    ['[daemon]\nlog_limit = "0g"', "daemon.log_limit", '"0g"', "a size is", 2],
    ['[daemon]\nmin_free = "0g"', "daemon.min_free", '"0g"', 'or "0" for none', 2],
    ["[daemon]\nlog_limit = 1024", "daemon.log_limit", "1024", "must be a string", 2],
    ['[daemon]\n\nrecord_limit = "-1g"', "daemon.record_limit", '"-1g"', "a size is", 3],
    ['[daemon]\naudit_private = "yes"', "daemon.audit_private", '"yes"', "must be true or false", 2],
    ['[daemon]\naudit_root = "~/audit"', "daemon.audit_root", '"~/audit"', "~ is not expanded", 2],
  ])("is refused for the daemon's settings: %j", async (source, path, value, rule, line) => {
    const withProfile = /profiles|^$/.test(source) ? source : `${source}\n${PROFILE}`;
    await file.expectOneProblem(withProfile, { path, value, rule, line });
  });

  it.each([
    ["name", '"Demo"', '"Demo"', "Unix user name"],
    ["name", '"1st"', '"1st"', "Unix user name"],
    ["name", '""', '""', "Unix user name"],
    ["name", '"a b"', '"a b"', "Unix user name"],
    ["name", '"../x"', '"../x"', "Unix user name"],
    ["name", '"root"', '"root"', "must not be one of root"],
    ["name", "5", "5", "must be a string"],
    ["base_image", '""', '""', "name of an image"],
    ["base_image", '"-v"', '"-v"', "name of an image"],
    ["base_image", '"a b"', '"a b"', "name of an image"],
    ["command", '"true"', '"true"', "must be an array"],
    ["command", "[]", "[]", "at least one"],
    ["command[0]", '[""]', '""', "must be a program"],
    ["command[0]", '["-c"]', '"-c"', "must be a program"],
    ["command[0]", '["$AGENTD_REQUEST"]', '"$AGENTD_REQUEST"', "not a value of the run"],
    ["after[0].command", "[{ command = [] }]", "[]", "at least one"],
    ["after[0].command[0]", '[{ command = ["-x"] }]', '"-x"', "must be a program"],
    ["after[0].command", "[{}]", undefined, "is required"],
    ["after[0].comand", '[{ command = ["x"], comand = 1 }]', undefined, 'did you mean "command"?'],
    ["command[1]", '["a", 5]', "5", "must be a string"],
    ["command[1]", '["a", "b\\u0000"]', '"b\\u0000"', "NUL"],
    ["command[1]", `["a", "${"x".repeat(131_072)}"]`, "...", "128 KiB"],
    ["repo", '"https://ada:hunter2@host/x"', '"https://***@host/x"', "password"],
    ["repo", '"git@host:x"', '"git@host:x"', "ssh://git@host/x"],
    ["repo", '"ext::sh"', '"ext::sh"', "remote helpers"],
    ["ref", '"-b"', '"-b"', "leading -"],
    ["max_sessions", "0", "0", "whole number from 1"],
    ["max_sessions", '"2"', '"2"', "whole number"],
    ["timeout", '"5 minutes"', '"5 minutes"', "duration"],
    ["timeout", "300", "300", "must be a string"],
    ["network", '"bridge"', '"bridge"', '"private", "none", "host", "allowlist"'],
    ["env", "[1]", "an array", "must be a table"],
    ["env.AGENTD_PROFILE", '{ AGENTD_PROFILE = "x" }', "(not shown)", "agentd sets"],
    ["env.AGENT_NAME", '{ AGENT_NAME = "x" }', "(not shown)", "agentd sets"],
    ["env.HOME", '{ HOME = "x" }', "(not shown)", "agentd sets"],
    ["env.PATH", '{ PATH = "x" }', "(not shown)", "programs load"],
    ["env.LD_PRELOAD", '{ LD_PRELOAD = "x" }', "(not shown)", "programs load"],
    ["env.NODE_OPTIONS", '{ NODE_OPTIONS = "x" }', "(not shown)", "programs load"],
    ["env.GIT_CONFIG_COUNT", '{ GIT_CONFIG_COUNT = "1" }', "(not shown)", "how git works"],
    ["env.BASH_ENV", '{ BASH_ENV = "x" }', "(not shown)", "shell reserves"],
    ["env.ENV", '{ ENV = "x" }', "(not shown)", "shell reserves"],
    ['env."A=B"', '{ "A=B" = "x" }', "(not shown)", "letters, digits"],
    ['env.""', '{ "" = "x" }', "(not shown)", "letters, digits"],
    ["env.A", "{ A = 1 }", "(not shown)", "must be a string"],
    ["env.A", '{ A = "hunter2\\u0000" }', "(not shown)", "NUL"],
    ["env", '{ __proto__ = "hunter2" }', "a table", "__proto__ is refused"],
    ["credentials[0].name", '[{ name = "UID", source = "A" }]', '"UID"', "shell reserves"],
    ["credentials[0].name", '[{ name = "A-B", source = "A" }]', '"A-B"', "letters, digits"],
    ["credentials[0].source", '[{ name = "A", source = "hunter2-x" }]', "(not shown)", "not a value"],
    ["credentials[0].source", '[{ name = "A" }]', undefined, "is required"],
    ["credentials[0].value", '[{ name = "A", source = "A", value = "hunter2" }]', undefined, "unknown key"],
    [
      "credentials[1].name",
      '[{ name = "A", source = "A" }, { name = "A", source = "B" }]',
      '"A"',
      "another credential",
    ],
    ["comand", '["x"]', undefined, 'did you mean "command"?'],
    ["base-image", '"x"', undefined, 'did you mean "base_image"?'],
    ["env.NODE_PATH", '{ NODE_PATH = "x" }', "(not shown)", "programs load"],
    ["env.PYTHONPATH", '{ PYTHONPATH = "x" }', "(not shown)", "programs load"],
    ["env.PYTHONSTARTUP", '{ PYTHONSTARTUP = "x" }', "(not shown)", "programs load"],
    ["env.PERL5OPT", '{ PERL5OPT = "x" }', "(not shown)", "programs load"],
    ["env.RUBYOPT", '{ RUBYOPT = "x" }', "(not shown)", "programs load"],
    ["env.BASH_FUNC_ls", '{ BASH_FUNC_ls = "x" }', "(not shown)", "shell reserves"],
    ["env.GIT_SSH_COMMAND", '{ GIT_SSH_COMMAND = "x" }', "(not shown)", "how git works"],
    ["env.GIT_EXEC_PATH", '{ GIT_EXEC_PATH = "x" }', "(not shown)", "how git works"],
    ["env.GIT_ASKPASS", '{ GIT_ASKPASS = "x" }', "(not shown)", "how git works"],
    ["env.GIT_DIR", '{ GIT_DIR = "x" }', "(not shown)", "how git works"],
    ["env.GIT_AUTHOR", '{ GIT_AUTHOR = "x" }', "(not shown)", "how git works"],
    ["credentials[0].name", '[{ name = "LD_AUDIT", source = "A" }]', '"LD_AUDIT"', "programs load"],
    ["name", `"${"a".repeat(33)}"`, "aaa", "Unix user name"],
    ["name", '"mail"', '"mail"', "must not be one of root"],
    ["pull", '"newer"', '"newer"', '"missing", "always", "never"'],
    ["memory", '"2 GB"', '"2 GB"', "a size is"],
    ["memory", "512", "512", "must be a string"],
    ["memory", '"5m"', '"5m"', "at least 6m"],
    ["memory", '"9999999t"', '"9999999t"', "a size is"],
    ["cpus", "0", "0", "from 0.01"],
    ["cpus", "-1.5", "-1.5", "from 0.01"],
    ["cpus", "nan", "NaN", "number of cores"],
    ["cpus", "inf", "Infinity", "number of cores"],
    ["cpus", '"2"', '"2"', "number of cores"],
    ["pids", "0", "0", "whole number from 1"],
    ["pids", "10.5", "10.5", "whole number from 1"],
    ["pids", "5_000_000", "5000000", "whole number from 1"],
    ["grace", '"10"', '"10"', "duration"],
    ["grace", '"577h"', '"577h"', "from 1s to 24d"],
    ["methodology_dir", '""', '""', "not be empty"],
    ["methodology_dir", '"~/groundwork"', '"~/groundwork"', "~ is not expanded"],
    ["methodology_dir", '"/home/ada"', '"/home/ada"', "the home directory"],
    ["methodology_dir", "true", "true", "must be a string"],
    ["request", '" "', '" "', "it is empty"],
    ["request", '"a\\u0000b"', '"a\\u0000b"', "NUL"],
    ["request", `"${"x".repeat(1_048_577)}"`, "...", "1 MiB"],
    ["repo_token_source", '"ghp_hunter2-x"', "(not shown)", "not a value"],
    ["schedule", '"0 3 * * *"', '"0 3 * * *"', "must set repo"],
    ["timezone", '"Europe/Berln"', '"Europe/Berln"', 'did you mean "Europe/Berlin"?'],
    ["timezone", '"+01:00"', '"+01:00"', "IANA database"],
    ["timezone", '""', '""', "IANA database"],
    ["missed", '"twice"', '"twice"', '"skip", "once"'],
    ["catchup_window", '"0s"', '"0s"', "a duration is"],
    ["catchup_window", '"577h"', '"577h"', "a duration is"],
    ["overlap", '"forbid"', '"forbid"', '"allow", "skip", "queue"'],
    ["jitter", '"5"', '"5"', "a duration is"],
    ["jitter", "0", "0", "must be a string"],
    ["artifacts", '"dist/**"', '"dist/**"', "must be an array"],
    ["artifacts[0]", '["/etc/passwd"]', '"/etc/passwd"', "relative to the clone"],
    ["artifacts[1]", '["dist/**", "~/repo/x"]', '"~/repo/x"', "without ~/repo/"],
    ["artifacts[0]", '["a\\u0000b"]', "a", "NUL"],
    ["artifacts", `["a"${', "a"'.repeat(100)}]`, "an array", "at most 100 patterns"],
    ["mounts", '"/data"', '"/data"', "must be an array"],
    ["mounts[0].target", '[{ source = "/data" }]', undefined, "is required"],
    ["mounts[0].source", '[{ target = "/data" }]', undefined, "is required"],
  ])("is refused for a profile's %s = %j", async (path, toml, value, rule) => {
    const key = path.split(/[.[]/)[0] ?? "";
    const rest = PROFILE.trimEnd()
      .split("\n")
      .filter((line) => !line.startsWith(`${key} =`));
    const source = [...rest, `${key} = ${toml}`].join("\n");
    const line = rest.length + 1;
    await file.expectOneProblem(source, { path: `profiles[0].${path}`, value, rule, line });
  });

  it.each([
    ["schedules[0].name", '[{ name = "A b", every = "1h" }]', '"A b"', "a-z, 0-9"],
    ["schedules[0].name", '[{ name = "default", every = "1h" }]', '"default"', "the key schedule sets"],
    ["schedules[0]", '[{ name = "a" }]', "a table", "exactly one of cron, every and at"],
    ["schedules[0]", '[{ name = "a", every = "1h", cron = "0 3 * * *" }]', "a table", "exactly one of"],
    ["schedules[0].cron", '[{ name = "a", cron = "@daily" }]', '"@daily"', "exactly five fields"],
    ["schedules[0].every", '[{ name = "a", every = "30s" }]', '"30s"', "at least 1m"],
    ["schedules[0].every", '[{ name = "a", every = "1 hour" }]', '"1 hour"', "a duration is"],
    ["schedules[0].at", '[{ name = "a", at = "2026-12-24T06:00:00" }]', "2026", "an offset"],
    ["schedules[0].at", '[{ name = "a", at = "2026-02-30T06:00:00Z" }]', "2026", "an offset"],
    ["schedules[0].at", '[{ name = "a", at = 2026-12-24T06:00:00Z }]', "a date", "in quotes"],
    [
      "schedules[0].timezone",
      '[{ name = "a", every = "1h", timezone = "UCT+1" }]',
      '"UCT+1"',
      "IANA database",
    ],
    ["schedules[0].work_unit", '[{ name = "a", every = "1h", work_unit = "" }]', '""', "printable"],
    [
      "schedules[1].name",
      '[{ name = "a", every = "1h" }, { name = "a", every = "2h" }]',
      '"a"',
      "another schedule",
    ],
  ])("is refused for %s of a profile with schedules = %s", async (path, toml, value, rule) => {
    const source = `${PROFILE}repo = "/srv/x.git"\nschedules = ${toml}`;
    await file.expectOneProblem(source, { path: `profiles[0].${path}`, value, rule, line: 6 });
  });

  it.each([
    ["chain.after[0]", '{ after = ["dmo2"] }', '"dmo2"', "no profile has this name"],
    ["chain.after[0]", '{ after = ["demo"] }', '"demo"', "demo -> demo"],
    ["chain.after", "{ after = [] }", "[]", "at least one profile"],
    ["chain.on[0]", '{ after = ["other"], on = ["fine"] }', '"fine"', "must be one of"],
    ["retry.on[0]", '{ on = ["failed"] }', '"failed"', "must be one of"],
    ["retry.times", "{ times = 0 }", "0", "from 1 to 100"],
    ["retry.delay", '{ delay = "soon" }', '"soon"', "a duration is"],
  ])("is refused for %s of a profile with %s", async (path, toml, value, rule) => {
    const other = PROFILE.replace('"demo"', '"other"');
    const source = `${PROFILE}repo = "/srv/x.git"\n${path.split(".")[0] ?? ""} = ${toml}\n${other}`;
    await file.expectOneProblem(source, { path: `profiles[0].${path}`, value, rule, line: 6 });
  });

  it.each([
    ["name", '"Default"', '"Default"', "1 to 32 of a-z"],
    ["kind", '"githubs"', '"githubs"', 'must be one of "github"'],
    ["secret_source", '"sk-123"', "(not shown)", "the name of an environment variable"],
    ["events[0]", '[""]', '""', "must not be empty"],
    ['match."label..name"', '{ "label..name" = "x" }', '"x"', "names of fields with dots between"],
    ["work_unit", '"a\\nb"', '"a\\nb"', "1 to 200 printable characters"],
    ["ref", '"-x"', '"-x"', "a leading - is refused"],
    ["request", '" "', '" "', "it is empty"],
  ])("is refused for %s of a webhook with %s", async (path, toml, value, rule) => {
    const [key = ""] = path.split(/[.[]/);
    const keys = { kind: '"github"', secret_source: '"HOOK"', [key]: toml };
    const written = Object.entries(keys).map(([name, text]) => `${name} = ${text}`);
    const source = `${PROFILE}repo = "/srv/x.git"\nwebhooks = [{ ${written.join(", ")} }]\n`;
    await file.expectOneProblem(source, { path: `profiles[0].webhooks[0].${path}`, value, rule, line: 6 });
  });

  it("is refused for a webhook without a repository, and for a second one of the same name", async () => {
    const hook = '{ kind = "github", secret_source = "HOOK" }';
    await file.expectOneProblem(`${PROFILE}webhooks = [${hook}]\n`, {
      ...{ path: "profiles[0].webhooks[0]", value: "a table", line: 5 },
      rule: "a profile that runs by itself must set repo",
    });
    await file.expectOneProblem(`${PROFILE}repo = "/srv/x.git"\nwebhooks = [${hook}, ${hook}]\n`, {
      ...{ path: "profiles[0].webhooks[1].name", value: undefined, line: 6 },
      rule: "another webhook of this profile already has this name",
    });
  });

  it("is refused for a schedule that gives no value to a word of the command", async () => {
    const profile = PROFILE.replace('["true"]', '["true", "$AGENTD_WORK_UNIT"]');
    const schedules = '[{ name = "a", every = "1h", work_unit = "x" }, { name = "b", every = "1h" }]';
    await file.expectOneProblem(`${profile}repo = "/srv/x.git"\nschedules = ${schedules}`, {
      ...{ path: "profiles[0].schedules[1]", value: "a table", line: 6 },
      rule: "no value for $AGENTD_WORK_UNIT",
    });
  });

  it.each([
    ["0 3 * *", "exactly five fields"],
    ["0 0 3 * * *", "exactly five fields"],
    ["@daily", "exactly five fields"],
    ["60 * * * *", "range 0-59"],
    ["0 0 30 2 *", "never fires"],
    ["0 0 L * *", "field of the day of the month"],
  ])("is refused for the schedule %j of a profile with a repo", async (schedule, rule) => {
    const source = `${PROFILE}repo = "/srv/x.git"\nschedule = "${schedule}"`;
    await file.expectOneProblem(source, {
      path: "profiles[0].schedule",
      value: JSON.stringify(schedule),
      rule,
      line: 6,
    });
  });

  it.each([
    ["$AGENTD_WORK_UNIT", 'ref = "main"'],
    ["$AGENTD_REQUEST", 'ref = "main"'],
    ["$AGENTD_REF", 'request = "Do it"'],
  ])("is refused for a schedule without the value of %s in the command", async (word, line) => {
    const profile = PROFILE.replace('["true"]', `["true", "${word}"]`);
    await file.expectOneProblem(`${profile}repo = "/srv/x.git"\n${line}\nschedule = "0 3 * * *"`, {
      path: "profiles[0].schedule",
      value: '"0 3 * * *"',
      rule: `no value for ${word}`,
      line: 7,
    });
  });

  it("is refused for a request that is too long for the command's argument", async () => {
    const profile = PROFILE.replace('["true"]', '["true", "$AGENTD_REQUEST"]');
    await file.expectOneProblem(`${profile}request = "${"x".repeat(100 * 1024 + 1)}"`, {
      path: "profiles[0].request",
      value: "...",
      rule: "AGENTD_REQUEST_FILE",
      line: 5,
    });
  });

  it.each(["http://host/x.git", "ssh://git@host/x.git", "/srv/x.git"])(
    "is refused for a token that would be sent to %s",
    async (repo) => {
      await file.expectOneProblem(`${PROFILE}repo = "${repo}"\nrepo_token_source = "TOKEN"`, {
        path: "profiles[0].repo_token_source",
        value: "(not shown)",
        rule: "https:// only",
        line: 6,
      });
    },
  );

  it("is refused for a name that is both an environment variable and a credential", async () => {
    const both = `${PROFILE}env = { A = "1" }\ncredentials = [{ name = "A", source = "A" }]`;
    expect(await file.problems(both)).toEqual([
      expect.objectContaining({
        path: "profiles[0].credentials[0].name",
        rule: expect.stringContaining("also in env"),
      }),
    ]);
  });

  it.each([
    ["a profile does not say its memory", "", undefined, "is required if daemon.memory_budget is set", 3],
    ["a profile takes more than there is", 'memory = "2g"', '"2g"', 'daemon.memory_budget, which is "1g"', 7],
  ])("is refused with a budget of memory when %s", async (_when, line, value, rule, at) => {
    await file.expectOneProblem(`[daemon]\nmemory_budget = "1g"\n${PROFILE}${line}`, {
      path: "profiles[0].memory",
      value,
      rule,
      line: at,
    });
  });

  it("is refused for a second profile of the same name", async () => {
    expect(await file.problems(PROFILE + PROFILE)).toEqual([
      {
        path: "profiles[1].name",
        value: '"demo"',
        rule: "another profile already has this name",
        line: 6,
        profile: "demo",
      },
    ]);
  });

  it("has all its problems reported at once, in the order of the file, with file and line", async () => {
    const error = await file.refusal(`[daemon]
max_sessions = 0
[[profiles]]
name = "demo"
comand = ["x"]
env = { UID = "1", A = "2" }
[[profiles.credentials]]
name = "A"
[[profiles]]
name = "demo"
base_image = "x"
command = ["x"]
memory = "lots"
schedule = "hourly"
repo_token_source = "TOKEN"
repo = "/srv/x.git"
[[profiles.mounts]]
source = "/home"
target = "/home/demo/repo/"
readonly = true
[[profiles.mounts]]
source = "/etc"
target = "/home/demo"
relabel = "shared"
`);
    expect(error.message).toBe(`cannot use the configuration ${file.path}: there are 16 problems
  ${file.path}:2: daemon.max_sessions
    0: must be a whole number from 1 to 10000
  ${file.path}:3: profiles[0].base_image (profile "demo")
    is required
  ${file.path}:3: profiles[0].command (profile "demo")
    is required
  ${file.path}:5: profiles[0].comand (profile "demo")
    unknown key; did you mean "command"?
  ${file.path}:6: profiles[0].env.UID (profile "demo")
    (not shown): the shell reserves this name, so the value would not reach the command
  ${file.path}:7: profiles[0].credentials[0].source (profile "demo")
    is required
  ${file.path}:8: profiles[0].credentials[0].name (profile "demo")
    "A": this name is also in env; remove one of them
  ${file.path}:10: profiles[1].name (profile "demo")
    "demo": another profile already has this name
  ${file.path}:13: profiles[1].memory (profile "demo")
    "lots": a size is a whole number and a unit (b, k, m, g or t), such as "512m" or "16g"
  ${file.path}:14: profiles[1].schedule (profile "demo")
    "hourly": must have exactly five fields (minute, hour, day of the month, month, day of the week), such as "0 3 * * mon-fri"
  ${file.path}:15: profiles[1].repo_token_source (profile "demo")
    (not shown): a token is sent over https:// only, and this profile's repo is not https://
  ${file.path}:18: profiles[1].mounts[0].source (profile "demo")
    "/home": it contains the home directory (/home/ada), which is never mounted into a session
  ${file.path}:19: profiles[1].mounts[0].target (profile "demo")
    "/home/demo/repo/": must not contain . or .. or extra slashes
  ${file.path}:20: profiles[1].mounts[0].readonly (profile "demo")
    unknown key; did you mean "read_only"?
  ${file.path}:23: profiles[1].mounts[1].target (profile "demo")
    "/home/demo": must not hide /home/demo/repo, which agentd mounts itself
  ${file.path}:24: profiles[1].mounts[1].relabel (profile "demo")
    "shared": relabel = "shared" would change the SELinux labels of a system directory`);
  });
});
