import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFailed } from "vitest";
import type { Command } from "../kit/house/command.ts";
import { codeBlocks, page } from "../kit/markdown.ts";
import { RemoteOperator } from "../kit/remote-operator.ts";
import type { World } from "../kit/world.ts";
import { letGo, reaches, startsOf } from "./at-a-failpoint.ts";
import { inAWorld } from "./in-a-world.ts";

/** A test with a world whose agent runs a script, and an operator on another machine. */
function fromElsewhere(
  script: string,
  test: (operator: RemoteOperator, world: World) => Promise<void>,
): () => Promise<void> {
  return inAWorld(async (world) => {
    await world.commitAgent(script);
    const operator = await RemoteOperator.open(world);
    onTestFailed(() => console.error(operator.story()));
    try {
      await test(operator, world);
    } finally {
      await operator.close();
    }
  });
}

/** Prints lines with and without a newline on both streams until it is let go. */
const PRINTING = `
echo start >> .runa/starts
i=0
until [ -e .runa/go ]; do
  i=$((i + 1)); echo out $i; echo err $i >&2; printf 'part %d,' $i; sleep 0.02
done
echo
echo last $i
exit 5
`;

function expectWholeOutput({ stdout, stderr }: Command): void {
  const text = stdout.toString();
  const turns = Number(/last (\d+)\n$/.exec(text)?.[1]);
  expect(turns).toBeGreaterThan(1);
  const turn = (_: unknown, index: number): string => `out ${index + 1}\npart ${index + 1},`;
  expect(text).toBe(`${Array.from({ length: turns }, turn).join("")}\nlast ${turns}\n`);
  const errors = stderr
    .toString()
    .split("\n")
    .filter((line) => line.startsWith("err "));
  expect(errors).toEqual(Array.from({ length: turns }, (_, index) => `err ${index + 1}`));
}

const LOST = "lost the connection to";
const AGAIN = "again\n";

/** Breaks the connection, and has the session print on until the command is connected again. */
async function breakUnder(command: Command, how: () => Promise<void> | void): Promise<void> {
  const count = (text: string): number => command.stderr.toString().split(text).length - 1;
  const before = { lost: count(LOST), again: count(AGAIN) };
  await how();
  await expect.poll(() => count(LOST), { timeout: 60_000 }).toBe(before.lost + 1);
  await expect.poll(() => count(AGAIN), { timeout: 60_000 }).toBe(before.again + 1);
  const printed = command.stdout.length;
  await expect.poll(() => command.stdout.length, { timeout: 60_000 }).toBeGreaterThan(printed);
}

describe("a command for another host", () => {
  it(
    "runs there: output, exit code and record",
    fromElsewhere("echo out; echo err >&2; exit 5", async (operator, world) => {
      const run = await operator.run('agentd --host HOST run site-builder --work-unit "it\'s \\$HOME \\\\"');
      expect(run.stdout.toString()).toBe("out\n");
      expect(run.stderr.toString()).toContain("err\n");
      expect(run.stderr.toString()).toMatch(/agentd: session \w{16} accepted, recorded in/);
      expect(run.exitCode).toBe(5);
      const expected = { work_unit: "it's $HOME \\", exit_code: 5 };
      expect(await (await world.record()).document()).toMatchObject(expected);
      const list = await operator.run('agentd ps --all --json --filter "work_unit=it\'s \\$HOME \\\\"', {
        AGENTD_HOST: operator.server.url,
      });
      expect(JSON.parse(list.stdout.toString())).toMatchObject([{ outcome: "work_failed" }]);
      const wait = await operator.run("agentd --host=HOST wait SESSION");
      expect(wait.exitCode).toBe(5);
      const faulty = await operator.run("agentd --host HOST run nobody");
      expect(faulty.exitCode).toBe(125);
      expect(faulty.stderr.toString()).toContain("[unknown_profile]");
    }),
  );

  it(
    "gets files, standard input and the current directory of the operator",
    fromElsewhere('cat "$AGENTD_REQUEST_FILE" /agentd/input/a.txt /agentd/input/b.txt', async (operator) => {
      await operator.writeFile("task.md", "do it\n");
      const big = "a line of the file\n".repeat(50_000);
      await operator.writeFile("a file.txt", big);
      const run = await operator.start(
        "sh -c 'echo piped | agentd --host HOST run site-builder --request-file task.md --input \"a.txt=a file.txt\" --input b.txt=-'",
      );
      expect(await run.end()).toBe(0);
      expect(run.stdout.toString()).toBe(`do it\n${big}piped\n`);
      const missing = await operator.run("agentd --host HOST run site-builder --request-file nothing.md");
      expect(missing.exitCode).toBe(125);
      expect(missing.stderr.toString()).toContain("cannot read the file nothing.md: there is no such file");
    }),
  );

  it(
    "stops its session at Ctrl-C, and leaves it at the second one",
    fromElsewhere(
      "trap 'echo winding up; until [ -e .runa/go ]; do sleep 0.1; done; exit 3' TERM; echo ready; while :; do sleep 0.05; done",
      async (operator, world) => {
        const run = await operator.start("agentd --host HOST run site-builder");
        await run.printed("ready");
        run.signal("SIGINT");
        await run.printed("winding up");
        await run.printed("press Ctrl-C again to leave it to the daemon");
        run.signal("SIGINT");
        expect(await run.end()).toBe(130);
        expect(run.stderr.toString()).toContain("continues in the daemon");
        await letGo(world);
        await reaches(world, "sealed");
        expect(await (await world.record()).document()).toMatchObject({ outcome: "cancelled", exit_code: 3 });
      },
    ),
  );

  it(
    "has a shell with a terminal, and tables as wide as the operator's",
    fromElsewhere("until [ -e .runa/go ]; do sleep 0.1; done", async (operator, world) => {
      expect((await operator.run("agentd --host HOST run site-builder -d")).exitCode).toBe(0);
      await reaches(world, "running");
      const shell = await operator.onTerminal("agentd --host HOST exec -it site-builder -- sh");
      await shell.shows("$ ");
      shell.type("test -t 0 && test -t 1 && echo it-has-$((40 + 2))\r");
      await shell.shows("it-has-42");
      shell.type("exit 9\r");
      expect(await shell.end()).toBe(9);
      const exec = await operator.run(`agentd --host HOST exec site-builder -- sh -c 'echo "a  b"; exit 7'`);
      expect([exec.stdout.toString(), exec.exitCode]).toEqual(["a  b\n", 7]);
      // 100 MB go in; `cp` brings them out.
      const into = await operator.run(
        "sh -c 'head -c 104857600 /dev/zero | agentd --host HOST exec -i site-builder -- sha256sum'",
      );
      const sum = await operator.run("sh -c 'head -c 104857600 /dev/zero | sha256sum'");
      expect([into.exitCode, into.stdout.toString()]).toEqual([0, sum.stdout.toString()]);
      await letGo(world);
    }),
  );

  it(
    "copies 100 MB here, directories, archives and patches",
    fromElsewhere(
      "head -c 104857600 /dev/urandom > .runa/big; sha256sum < .runa/big; mkdir .runa/d; echo x > .runa/d/x; echo y > y",
      async (operator) => {
        const run = await operator.run("agentd --host HOST run site-builder");
        const copy = await operator.run("agentd --host HOST cp SESSION:runa/big .");
        expect(copy.exitCode).toBe(0);
        const sum = await operator.run("sh -c 'sha256sum < big'");
        expect(sum.stdout.toString()).toBe(run.stdout.toString());
        const print = await operator.start("sh -c 'agentd --host HOST cp SESSION:runa/big - | sha256sum'");
        await print.end();
        expect(print.stdout.toString()).toBe(run.stdout.toString());
        const again = await operator.run("agentd --host HOST cp SESSION:runa/big .");
        expect(again.exitCode).toBe(1);
        expect(again.stderr.toString()).toContain("it exists already");
        const tree = await operator.run("agentd --host HOST cp --latest runa/. results");
        expect([tree.exitCode, await readFile(join(operator.directory, "results/d/x"), "utf8")]).toEqual([
          0,
          "x\n",
        ]);
        const missing = await operator.run("agentd --host HOST cp SESSION:nothing .");
        expect(missing.exitCode).toBe(1);
        expect(missing.stderr.toString()).toMatch(/^agentd: cannot copy nothing: .*\[copy_failed\]/);
        const diff = await operator.run("agentd --host HOST diff SESSION");
        expect(diff.stdout.toString()).toContain("+++ b/y\n");
        const archive = await operator.run("agentd --host HOST audit export SESSION -o e.tar.gz");
        expect(archive.exitCode).toBe(0);
        const listed = await operator.run("tar tzf e.tar.gz");
        expect(listed.stdout.toString()).toContain("SHA256SUMS");
        const verified = await operator.run("agentd --host HOST audit verify SESSION");
        expect(verified.exitCode).toBe(0);
      },
    ),
  );
});

/** Commands that only read. */
const READING = [
  ...[
    "ps -a --json",
    "show SESSION --json",
    "logs SESSION",
    "wait SESSION",
    "diff SESSION",
    "egress SESSION",
  ],
  ...["audit ls --json", "audit show SESSION --json", "audit verify SESSION --json", "audit key --json"],
  ...["profiles --json", "schedule --json", "usage --json", "events --json", "notify ls --json"],
  ...[
    "image ls --json",
    "volume ls --json",
    "config check",
    "config schema",
    "prices gpt-5",
    "ps --nonsense",
  ],
];

it(
  "prints what it prints where the daemon is, and exits as it does there: every command that only reads",
  fromElsewhere("echo out; echo err >&2; echo y > y; exit 5", async (operator, world) => {
    await operator.run("agentd --host HOST run site-builder");
    const waiting = READING.values();
    const compare = async (): Promise<void> => {
      for (const text of waiting) {
        const here = await world.start(`agentd ${text}`);
        const there = await operator.start(`agentd --host HOST ${text}`);
        const codes = await Promise.all([here.end(), there.end()]);
        expect([text, codes[1], there.stdout.toString()]).toEqual([text, codes[0], here.stdout.toString()]);
        expect([text, there.stderr.toString()]).toEqual([text, here.stderr.toString()]);
      }
    };
    await Promise.all([compare(), compare(), compare()]);
  }),
);

describe("a connection that is cut", () => {
  it(
    "leaves the session running, and the command goes on without a gap or a repeat",
    fromElsewhere(PRINTING, async (operator, world) => {
      const run = await operator.start("agentd --host HOST run site-builder");
      await run.printed("out 2\n");
      await breakUnder(run, () => operator.server.cut());
      await breakUnder(run, () => operator.killSsh());
      const logs = await operator.start("agentd --host HOST logs -f --latest");
      const attach = await operator.start("agentd --host HOST logs -f --tail 3 --stream stderr SESSION");
      await logs.printed("out 2\n");
      await attach.printed("err");
      await breakUnder(logs, () => operator.server.cut());
      await letGo(world);
      expect([await run.end(), await logs.end(), await attach.end()]).toEqual([5, 0, 0]);
      expectWholeOutput(run);
      expectWholeOutput(logs);
      const numbers = attach.stderr
        .toString()
        .split("\n")
        .flatMap((line) => (line.startsWith("err ") ? [Number(line.slice(4))] : []));
      expect(numbers).toEqual(numbers.map((_, index) => (numbers[0] ?? 0) + index));
      expect(await startsOf(world)).toBe(1);
      expect(await world.records()).toHaveLength(1);
    }),
  );

  it(
    "while the session ends: its end is told, and a Ctrl-C that came meanwhile",
    fromElsewhere("trap 'exit 3' TERM; echo ready; while :; do sleep 0.05; done", async (operator, world) => {
      const run = await operator.start("agentd --host HOST run site-builder");
      await run.printed("ready");
      operator.server.reach(false);
      operator.server.cut();
      await run.printed(LOST);
      run.signal("SIGINT");
      await run.printed("is passed on when the host is back");
      operator.server.reach(true);
      expect(await run.end()).toBe(130);
      expect(run.stdout.toString()).toBe("ready\n");
      expect((await (await world.record()).document()).outcome).toBe("cancelled");
    }),
  );

  it(
    "is left by a second Ctrl-C",
    fromElsewhere("echo ready; until [ -e .runa/go ]; do sleep 0.1; done", async (operator, world) => {
      const run = await operator.start("agentd --host HOST run site-builder");
      await run.printed("ready");
      operator.server.reach(false);
      operator.server.cut();
      await run.printed(LOST);
      run.signal("SIGINT");
      await run.printed("is passed on when the host is back");
      run.signal("SIGINT");
      expect(await run.end()).toBe(130);
      expect(await (await world.record()).state()).toBe("running");
      await letGo(world);
    }),
  );
});

describe("a host that cannot be used", () => {
  it(
    "is one clear error: away, without agentd, with another version",
    fromElsewhere("true", async (operator, world) => {
      const { sandbox } = await world.daemon();
      operator.server.reach(false);
      for (const command of ["ps", "run site-builder", "cp --latest runa ."]) {
        const away = await operator.run(`agentd --host HOST ${command}`);
        expect(away.exitCode).toBe(command.startsWith("run") ? 125 : 1);
        expect(away.stderr.toString()).toMatch(
          /^agentd: cannot run `agentd \w+`: ssh does not reach .*\[host_unreachable\]\n/,
        );
      }
      operator.server.reach(true);
      await operator.run("agentd context add none HOST --program /nowhere/agentd");
      // What another version of agentd says.
      const other = join(sandbox.directory, "other");
      await mkdir(other);
      const script =
        '#!/bin/sh\n[ "$1" = --version ] && { echo agentd 9.9.9; exit; }\necho "unknown command" >&2; exit 2\n';
      await writeFile(join(other, "agentd"), script, { mode: 0o755 });
      await operator.run(`agentd context add other HOST --program ${other}/agentd`);
      for (const command of ["ps", "logs --latest", "cp --latest runa ."]) {
        const none = await operator.run(`agentd --context none ${command}`);
        expect(none.exitCode).toBe(1);
        expect(none.stderr.toString()).toContain(
          "on none: /nowhere/agentd is not found there [host_unsuitable]",
        );
        const version = await operator.run(`agentd --context other ${command}`);
        expect(version.exitCode).toBe(1);
        expect(version.stderr.toString()).toMatch(
          /on other: it has agentd 9\.9\.9, and this is agentd \S+ \[host_unsuitable\]/,
        );
      }
    }),
  );
});

describe("contexts", () => {
  it(
    "are used as the page says, line by line",
    fromElsewhere("cat $AGENTD_REQUEST_FILE 2>/dev/null; true", async (operator, world) => {
      await operator.writeFile("task.md", "do it\n");
      const [lines = ""] = codeBlocks(page("remote.md"), "sh", "# Other hosts");
      const commands = lines.split("\n").filter((line) => line !== "");
      expect(commands).toHaveLength(6);
      for (const line of commands) {
        const typed = line.replace(/ +#.*$/, "").replace("ssh://me@server", "HOST");
        const { exitCode, stderr } = await operator.run(typed);
        expect([typed, exitCode, stderr.toString().includes("[")]).toEqual([typed, 0, false]);
      }
      expect(await world.records()).toHaveLength(2);
      const hello = {
        ...{ jsonrpc: "2.0", id: 1, method: "initialize" },
        params: {
          protocolVersion: "2025-06-18",
          capabilities: {},
          clientInfo: { name: "raw", version: "1" },
        },
      };
      await operator.writeFile("hello", `${JSON.stringify(hello)}\n`);
      const served = await operator.run("sh -c 'agentd --context prod mcp --profile site-builder < hello'");
      expect(served.exitCode).toBe(0);
      expect(JSON.parse(served.stdout.toString())).toMatchObject({
        result: { serverInfo: { name: "agentd" } },
      });
    }),
  );

  it(
    "name hosts, and one of them is chosen",
    fromElsewhere("true", async (operator) => {
      const said = async (text: string, env: NodeJS.ProcessEnv = {}): Promise<string> => {
        const command = await operator.run(text, env);
        expect(command.exitCode).toBe(0);
        return command.stdout.toString();
      };
      await said("agentd context add prod HOST");
      expect(await said("agentd context ls")).toMatch(
        /^CONTEXT +HOST +CHOSEN\nlocal +this machine +yes\nprod +ssh:/,
      );
      expect((await operator.run("agentd context add prod ssh://elsewhere")).exitCode).toBe(1);
      expect((await operator.run("agentd profiles")).stderr.toString()).toContain("[daemon_not_running]");
      await said("agentd context use prod");
      expect(await said("agentd profiles")).toContain("site-builder");
      expect(await said("agentd version")).toMatch(/^agentd/);
      expect(JSON.parse(await said("agentd context show --json"))).toMatchObject({
        name: "prod",
        by: "contexts.toml",
      });
      expect(await said("agentd context show", { AGENTD_CONTEXT: "local" })).toContain("this machine");
      expect((await operator.run("agentd --context local profiles")).exitCode).toBe(1);
      const missing = await operator.run("agentd --context nothing profiles");
      expect(missing.stderr.toString()).toContain("there are local, prod [unknown_context]");
      expect(await said("agentd __complete -- run ''")).toContain("site-builder\t");
      expect(await said("agentd __complete -- --context local --host HOST run ''").catch(() => "")).toBe("");
      expect(await said("agentd __complete -- --context pr")).toBe(`prod\t${operator.server.url}\n`);
      await said("agentd context rm prod");
      expect(JSON.parse(await said("agentd context ls --json"))).toEqual([
        { name: "local", host: null, program: null, is_current: true },
      ]);
    }),
  );

  it(
    "are asked all at once, and one that is away does not hide the others",
    fromElsewhere("true", async (operator) => {
      await operator.run("agentd context add prod HOST");
      await operator.run("agentd --context prod run site-builder --work-unit issue-7");
      const all = await operator.run("agentd ps -a --all-contexts --json");
      expect(JSON.parse(all.stdout.toString())).toMatchObject([{ context: "prod", work_unit: "issue-7" }]);
      expect([all.exitCode, all.stderr.toString()]).toEqual([0, ""]);
      await operator.run("agentd context add away ssh://127.0.0.1:1");
      const some = await operator.run("agentd ps -a --all-contexts");
      expect(some.stdout.toString()).toMatch(/^CONTEXT +SESSION .*\nprod +\w{6} +site-builder +success/);
      expect(some.stderr.toString()).toContain("agentd: away did not answer: ");
      expect(some.exitCode).toBe(1);
    }),
  );
});
