import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { configDigest, findProfile } from "../../../src/config/config.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { ConfigFile, HOST, PROFILE } from "../../kit/config-under-test.ts";

let file: ConfigFile;

beforeEach(async () => {
  file = await ConfigFile.create();
});
afterEach(async () => {
  await file.remove();
});

describe("a configuration", () => {
  it("has defaults for whatever may be left out", async () => {
    expect(await file.load(PROFILE)).toEqual({
      file: file.path,
      daemon: {
        auditRoot: undefined,
        auditPrivate: true,
        recordLimitBytes: 16 * 1024 ** 3,
        exportLimitBytes: 256 * 1024 ** 2,
        records: undefined,
        logLimitBytes: 1024 ** 3,
        pauseMaxMs: 24 * 60 * 60 * 1000,
        eventsKeepMs: 30 * 24 * 60 * 60 * 1000,
        keepMaxBytes: 20 * 1024 ** 3,
        minFreeBytes: 1024 ** 3,
        socketPath: undefined,
        maxSessions: 3,
        memoryBudgetBytes: undefined,
        shutdown: "drain",
        podmanSocket: undefined,
        warm: undefined,
      },
      llm: { providers: [], prices: [] },
      web: {
        listen: { host: "127.0.0.1", port: 7788 },
        allowedHosts: [],
        tokenFile: undefined,
        metricsListen: undefined,
        tls: undefined,
        readOnly: false,
      },
      notify: [],
      sinks: [],
      placement: undefined,
      profiles: [
        {
          name: "demo",
          agent: undefined,
          exitCodes: {},
          blockedLine: undefined,
          baseImage: "demo:1",
          pull: "missing",
          command: ["true"],
          repo: undefined,
          ref: undefined,
          repoTokenSource: undefined,
          methodologyDir: undefined,
          schedule: undefined,
          timezone: undefined,
          missed: "skip",
          catchupWindowMs: 86_400_000,
          overlap: "allow",
          jitterMs: 0,
          maxSessions: undefined,
          timeoutMs: undefined,
          graceMs: 10_000,
          network: "private",
          allow: [],
          llm: undefined,
          request: undefined,
          memoryBytes: undefined,
          diskBytes: undefined,
          cpus: undefined,
          pids: 2048,
          env: {},
          credentials: [],
          mounts: [],
          volumes: [],
          artifacts: [],
          workspace: "clone",
          directory: undefined,
          ignore: [],
          directoryLimitBytes: 2 * 1024 ** 3,
          git: undefined,
          files: [],
          skills: [],
          mcpServers: [],
          publish: undefined,
          stallMs: undefined,
          onStall: "warn",
          runtime: undefined,
          readOnlyRoot: true,
          tmpBytes: 1024 ** 3,
          shmBytes: undefined,
          ulimits: {},
          devices: [],
          capAdd: [],
          seccompProfile: undefined,
          exceptions: [],
          redact: "seal",
          records: undefined,
          keep: "never",
          placement: "local",
          keepForMs: 24 * 60 * 60 * 1000,
          after: [],
          schedules: [],
          webhooks: [],
        },
      ],
    });
  });

  it("gives a schedule what the profile has, and what it has itself", async () => {
    const source = `${PROFILE}repo = "/srv/x.git"
timezone = "Europe/Berlin"
missed = "skip"
overlap = "queue"
[[profiles.schedules]]
name = "nightly"
cron = "0 3 * * *"
[[profiles.schedules]]
name = "once"
at = "2026-12-24T06:00:00+01:00"
timezone = "UTC"
overlap = "skip"
catchup_window = "1h"
jitter = "5m"
request = "Do it."
ref = "main"
work_unit = "w"`;
    const [profile] = (await file.load(source)).profiles;
    const none = { cron: undefined, every: undefined, at: undefined };
    const ungiven = { request: undefined, ref: undefined, workUnit: undefined };
    expect(profile?.schedules).toEqual([
      {
        ...{ ...none, ...ungiven, name: "nightly", cron: "0 3 * * *", timezone: "Europe/Berlin" },
        ...{ missed: "skip", catchupWindowMs: 86_400_000, overlap: "queue", jitterMs: 0 },
      },
      {
        ...{ ...none, name: "once", at: "2026-12-24T06:00:00+01:00", timezone: "UTC", missed: "once" },
        ...{ catchupWindowMs: 3_600_000, overlap: "skip", jitterMs: 300_000 },
        ...{ request: "Do it.", ref: "main", workUnit: "w" },
      },
    ]);
  });

  it("says everything that it can say", async () => {
    const config = await file.load(`
      [daemon]
      audit_root = "audit"
      audit_private = false
      record_limit = "64m"
      export_limit = "8m"
      log_limit = "512k"
      records = { max_bytes = "50g", keep_min = 20 }
      keep_max = "50g"
      min_free = "0"
      socket_path = "/run/x.sock"
      max_sessions = 7
      warm = 2
      memory_budget = "6g"
      shutdown = "detach"
      podman_socket = "../podman.sock"
      ${PROFILE}
      stall = "20m"
      on_stall = "stop"
      disk = "20g"
      runtime = "crun"
      volumes = [
        { name = "npm", target = "~/.npm", size = "4g" },
        { name = "go", target = "/go", shared = true, mode = "copy" },
      ]
      tmp = "2g"
      shm = "128m"
      ulimits = { nofile = 4096 }
      devices = ["/dev/kvm"]
      cap_add = ["NET_RAW"]
      seccomp_profile = "filter.json"
      read_only_root = false
      redact = "view"
      records = { keep = "90d" }
      keep = "on-failure"
      keep_for = "2d"
      exceptions = [
        { allow = "E003", reason = "pings" },
        { allow = "device", reason = "an emulator", until = "2099-12-31" },
        { allow = "E005", reason = "its calls" },
        { allow = "E006", reason = "packages" },
      ]
      after = [{ command = ["/usr/bin/tell"] }]
      retry = { on = ["infrastructure_failure", "interrupted"], times = 3, delay = "0s" }
      repo = "HTTPS://Git.Example.org/x.git"
      ref = "v1"
      repo_token_source = "DEMO_REPO_TOKEN"
      methodology_dir = "../groundwork"
      pull = "never"
      schedule = "*/15 8-18 * * mon-fri"
      timezone = "America/New_York"
      missed = "once"
      catchup_window = "36h"
      overlap = "queue"
      jitter = "5m"
      max_sessions = 2
      timeout = "90s"
      grace = "1m"
      network = "none"
      memory = "2g"
      cpus = 1.5
      pids = 100
      artifacts = ["dist/**", "~/.codex/sessions/**"]
      env = { LANG = "C.UTF-8", EMPTY = "" }
      credentials = [{ name = "TOKEN", source = "DEMO_TOKEN" }]
      [[profiles.mounts]]
      source = "/home/ada/.claude"
      target = "/home/demo/.claude"
      [[profiles.mounts]]
      source = "shared data, too"
      target = "/data"
      read_only = true
      relabel = "shared"
      [[profiles.files]]
      target = "~/a"
      content = "a"
      [[profiles.files]]
      target = "~/b"
      source = "b"
      [profiles.git]
      name = "Ada"
      email = "ada@example.com"
      [profiles.publish]
      branch = "bot/{work_unit}"
      on = ["success", "blocked"]
      token_source = "PUBLISH_TOKEN"
      remote = "https://git.example.org/agents/demo.git"
      commit_rest = false
      allow_ci = true
      protect = ["deploy/**"]
      [profiles.publish.request]
      forge = "gitlab"
      api_url = "https://git.example.org/api/v4"
      base = "main"
      draft = false
      title = "{work_unit}"
      labels = ["agent"]
    `);
    expect(config.daemon).toEqual({
      auditRoot: join(file.directory, "audit"),
      auditPrivate: false,
      recordLimitBytes: 64 * 1024 ** 2,
      exportLimitBytes: 8 * 1024 ** 2,
      records: { keepMs: undefined, keepMin: 20, maxBytes: 50 * 1024 ** 3 },
      logLimitBytes: 512 * 1024,
      pauseMaxMs: 24 * 60 * 60 * 1000,
      eventsKeepMs: 30 * 24 * 60 * 60 * 1000,
      keepMaxBytes: 50 * 1024 ** 3,
      minFreeBytes: 0,
      socketPath: "/run/x.sock",
      maxSessions: 7,
      warm: 2,
      memoryBudgetBytes: 6 * 1024 ** 3,
      shutdown: "detach",
      podmanSocket: join(file.directory, "../podman.sock"),
    });
    expect(findProfile(config, "demo")).toEqual({
      name: "demo",
      agent: undefined,
      exitCodes: {},
      blockedLine: undefined,
      baseImage: "demo:1",
      pull: "never",
      command: ["true"],
      repo: "HTTPS://Git.Example.org/x.git",
      ref: "v1",
      repoTokenSource: "DEMO_REPO_TOKEN",
      methodologyDir: join(file.directory, "../groundwork"),
      schedule: "*/15 8-18 * * mon-fri",
      timezone: "America/New_York",
      missed: "once",
      catchupWindowMs: 36 * 3_600_000,
      overlap: "queue",
      placement: "local",
      jitterMs: 300_000,
      maxSessions: 2,
      timeoutMs: 90_000,
      graceMs: 60_000,
      network: "none",
      allow: [],
      llm: undefined,
      request: undefined,
      memoryBytes: 2 * 1024 ** 3,
      cpus: 1.5,
      pids: 100,
      env: { LANG: "C.UTF-8", EMPTY: "" },
      credentials: [{ name: "TOKEN", source: "DEMO_TOKEN" }],
      workspace: "clone",
      directory: undefined,
      ignore: [],
      directoryLimitBytes: 2 * 1024 ** 3,
      git: { name: "Ada", email: "ada@example.com" },
      skills: [],
      mcpServers: [],
      files: [
        { target: "~/a", content: "a" },
        { target: "~/b", source: join(file.directory, "b") },
      ],
      mounts: [
        { source: "/home/ada/.claude", target: "/home/demo/.claude", readOnly: false, relabel: "none" },
        {
          source: join(file.directory, "shared data, too"),
          target: "/data",
          readOnly: true,
          relabel: "shared",
        },
      ],
      diskBytes: 20 * 1024 ** 3,
      runtime: "crun",
      volumes: [
        {
          name: "npm",
          target: "/home/demo/.npm",
          sizeBytes: 4 * 1024 ** 3,
          shared: false,
          mode: "exclusive",
        },
        { name: "go", target: "/go", shared: true, mode: "copy" },
      ],
      stallMs: 1_200_000,
      onStall: "stop",
      readOnlyRoot: false,
      tmpBytes: 2 * 1024 ** 3,
      shmBytes: 128 * 1024 ** 2,
      ulimits: { nofile: 4096 },
      devices: ["/dev/kvm"],
      capAdd: ["NET_RAW"],
      seccompProfile: join(file.directory, "filter.json"),
      exceptions: [
        { allow: "E003", reason: "pings" },
        { allow: "device", reason: "an emulator", until: "2099-12-31" },
        { allow: "E005", reason: "its calls" },
        { allow: "E006", reason: "packages" },
      ],
      redact: "view",
      records: { keepMs: 90 * 86_400_000, keepMin: 1, maxBytes: undefined },
      keep: "on-failure",
      keepForMs: 48 * 60 * 60 * 1000,
      after: [{ command: ["/usr/bin/tell"] }],
      schedules: [],
      webhooks: [],
      retry: { on: ["infrastructure_failure", "interrupted"], times: 3, delayMs: 0 },
      artifacts: ["dist/**", "~/.codex/sessions/**"],
      publish: {
        branch: "bot/{work_unit}",
        on: ["success", "blocked"],
        tokenSource: "PUBLISH_TOKEN",
        remote: "https://git.example.org/agents/demo.git",
        commitRest: false,
        allowCi: true,
        protect: ["deploy/**"],
        request: {
          forge: "gitlab",
          apiUrl: "https://git.example.org/api/v4",
          base: "main",
          draft: false,
          title: "{work_unit}",
          labels: ["agent"],
        },
      },
    });
    expect(findProfile(config, "other")).toBeUndefined();
  });

  it("may say who commits, and whatever else is not known to change how programs load", async () => {
    const names = ["GIT_AUTHOR_NAME", "GIT_COMMITTER_EMAIL", "USER", "GITHUB_TOKEN", "LDFLAGS", "NODE_ENV"];
    const env = names.map((name) => `${name} = "x"`).join(", ");
    const config = await file.load(`${PROFILE}env = { ${env} }`);
    expect(Object.keys(findProfile(config, "demo")?.env ?? {})).toEqual(names);
  });

  it("may copy a directory", async () => {
    const config = await file.load(
      `${PROFILE}workspace = "directory"\ndirectory = "../docs"\nignore = ["a"]\ndirectory_limit = "3m"`,
    );
    expect(findProfile(config, "demo")).toMatchObject({
      ...{ workspace: "directory", ignore: ["a"], directoryLimitBytes: 3 * 1024 ** 2 },
      directory: join(file.directory, "../docs"),
    });
  });

  it("may mount beside what agentd mounts, and name what does not exist", async () => {
    const targets = [
      "/home/demo/.claude",
      "/home/demo/repository",
      "/home/other",
      "/data",
      "/data2",
      "/devices",
      "/usr/local",
      "/usr/share/tool",
      "/bin/tool",
      "/etc/ssl",
      "/etc/hosts",
      "/run/tool",
      "/var/run/other",
    ];
    const mounts = targets.map((target) => `{ source = "/home/ada/nothing here", target = "${target}" }`);
    const config = await file.load(`${PROFILE}methodology_dir = "nowhere"\nmounts = [${mounts.join(", ")}]`);
    expect(findProfile(config, "demo")?.mounts.map(({ target }) => target)).toEqual(targets);
  });

  it("cannot be changed, at any depth", async () => {
    const config = await file.load(`${PROFILE}env = { A = "1" }`);
    const profile = config.profiles[0] as unknown as { command: string[]; env: Record<string, string> };
    expect(() => profile.command.push("x")).toThrow(TypeError);
    expect(() => (profile.env["B"] = "2")).toThrow(TypeError);
    expect(() => ((config as { file: string }).file = "x")).toThrow(TypeError);
  });

  it("is read with a byte order mark and with Windows line ends", async () => {
    expect((await file.load(`\uFEFF${PROFILE.replaceAll("\n", "\r\n")}`)).profiles).toHaveLength(1);
  });

  it("may have ten thousand profiles", async () => {
    const many = Array.from({ length: 10_000 }, (_, index) => PROFILE.replace("demo", `p${index}`));
    expect((await file.load(many.join("\n"))).profiles).toHaveLength(10_000);
    const bad = many.map((profile) => `${profile}colour = "red"\n`);
    expect(await file.problems(bad.join(""))).toHaveLength(10_000);
  });

  it("gives a digest that depends on daemon and profile settings, and not on their order or place", async () => {
    const two = `${PROFILE}env = { A = "1", B = "2" }\n`;
    const digestOf = async (source: string) => {
      const config = await file.load(source);
      return configDigest(config, config.profiles[0] ?? expect.unreachable());
    };
    const digest = await digestOf(two);
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
    expect(await digestOf(`# moved\n${two.replace('A = "1", B = "2"', 'B = "2", A = "1"')}`)).toBe(digest);
    expect(await digestOf(two + PROFILE.replace("demo", "other"))).toBe(digest);
    expect(await digestOf(two.replace('"2"', '"3"'))).not.toBe(digest);
    expect(await digestOf(`[daemon]\nmax_sessions = 9\n${two}`)).not.toBe(digest);
  });
});

describe("a file that cannot be read as a configuration", () => {
  it("is named when it is missing, a directory or not readable", async () => {
    await expect(loadConfig(join(file.directory, "none.toml"), HOST)).rejects.toMatchObject({
      code: "config_not_found",
    });
    await expect(loadConfig(file.directory, HOST)).rejects.toMatchObject({
      code: "config_unreadable",
      message: `cannot read the configuration ${file.directory}: it is a directory`,
    });
    await writeFile(file.path, PROFILE);
    await chmod(file.path, 0);
    await expect(loadConfig(file.path, HOST)).rejects.toMatchObject({
      code: "config_unreadable",
      message: `cannot read the configuration ${file.path}: permission denied`,
    });
  });

  it.each([
    ["a = ?\n", 1, 5, "Unexpected character"],
    ["\na = ?\n", 2, 5, "Unexpected character"],
    [`${PROFILE}command = ["x"]\n`, 5, 16, "declared a second time"],
    ["[daemon]\n[daemon]\n", 2, 8, "declared a second time"],
    ['[[profiles]]\nname = "a\nb"\n', 2, 10, "Unterminated string"],
    ['[daemon]\nsocket_path = "a\0b"\n', 2, 17, "Control characters"],
  ])("is named with line and column: %j", async (source, line, column, words) => {
    const error = await file.refusal(source);
    expect(error).toMatchObject({ code: "config_syntax", details: { file: file.path, line, column } });
    expect(error.message).toContain(`${file.path}:${line}:${column}: `);
    expect(error.message).toContain(words);
  });

  it("does not show what stands beside a syntax error", async () => {
    expect((await file.refusal('[[profiles]]\ntoken = "hunter2\n')).message).not.toContain("hunter2");
  });

  it("has to be UTF-8", async () => {
    const error = await file.refusal(
      Buffer.concat([Buffer.from('x = "'), Buffer.from([0xff, 0xfe]), Buffer.from('"\n')]),
    );
    expect(error).toMatchObject({
      code: "config_syntax",
      message: expect.stringContaining("not valid UTF-8"),
    });
  });
});
