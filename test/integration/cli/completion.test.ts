import { mkdir, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ScheduleView } from "../../../src/api/schedule-view.ts";
import { removeTree } from "../../../src/trees/remove-tree.ts";
import { VolumeStore } from "../../../src/volumes/volume-store.ts";
import { listed, sealed, type SmallDaemon, startSmallDaemon, view } from "../../kit/small-daemon.ts";
import { agentd, PROGRAM_DIRECTORY } from "./installed-cli.ts";

const OPEN = "0198f2a4c6e81234";
const ENDED = "0198f2a4c6e80000";

const NEWEST = view({ work_unit: "issue-42" });

const SCHEDULE: Omit<ScheduleView, "name"> = {
  ...{ profile: "demo", schedule: "0 4 * * *", timezone: "UTC", missed: "skip", catchup_window_ms: 0 },
  ...{ overlap: "allow", jitter_ms: 0, last_run: null, last_skip: null, paused: null },
  ...{ waiting_timestamp: null, next_runs: [] },
};

let daemon: SmallDaemon;

beforeAll(async () => {
  daemon = await startSmallDaemon({
    list: ({ all }) => (all ? listed(NEWEST, sealed({ session_id: ENDED })) : listed(NEWEST)),
    schedule: ({ profile }) => {
      const names = profile === "demo" ? ["nightly", "weekly"] : [];
      const schedules = names.map((name) => ({ ...SCHEDULE, name }));
      return Promise.resolve({ schedules, more: false, retries: [] });
    },
  });
  const agents = join(daemon.directory, ".config/agentd/agents");
  await mkdir(agents, { recursive: true });
  await writeFile(join(agents, "todo.toml"), 'description = "Notes what it is asked to do"\n[profile]\n');
  await writeFile(join(agents, "wrong.toml"), "description =");
});

beforeAll(async () => {
  const state = join(daemon.directory, ".local/state/agentd");
  await new VolumeStore(state, { removeTree, now: () => 0 }).open("demo/npm-cache");
});

afterAll(() => daemon.stop());

/** What bash offers for the last of the words, having sourced the script. */
async function offeredByBash(...words: string[]): Promise<string[]> {
  const { stdout } = await execa({
    input: `
      source <(agentd completion bash)
      COMP_WORDS=(agentd ${words.map((word) => `'${word}'`).join(" ")})
      COMP_CWORD=${words.length}
      _agentd
      printf '%s\\n' "\${COMPREPLY[@]}"
    `,
    cwd: PROGRAM_DIRECTORY,
    extendEnv: false,
    env: {
      PATH: [PROGRAM_DIRECTORY, process.env["PATH"]].join(delimiter),
      HOME: daemon.directory,
      XDG_RUNTIME_DIR: daemon.directory,
      AGENTD_SOCKET: daemon.path,
    },
  })`bash --norc -u`;
  return stdout.split("\n");
}

describe("completion in bash", () => {
  it.each([
    [["sho"], ["show"]],
    [["audit", "v"], ["verify"]],
    [["run", "--work"], ["--work-unit"]],
    [
      ["logs", "--stream", "std"],
      ["stdout", "stderr"],
    ],
    [
      ["show", "0198"],
      [OPEN, ENDED],
    ],
    [
      ["cp", "e8"],
      ["e81234:", "e80000:"],
    ],
    [
      ["show", "e8"],
      ["e81234", "e80000"],
    ],
    [["logs", "d"], ["demo"]],
    [
      ["stop", ""],
      ["e81234", "demo"],
    ],
    [["stop", "019"], [OPEN]],
    [["config", "check", "age"], ["agentd"]],
    [
      ["image", "build", "c"],
      ["claude", "codex"],
    ],
    [["init", "--agent", "to"], ["todo"]],
    [["volume", "rm", "de"], ["demo/npm-cache"]],
    [
      ["schedule", "pause", "demo", ""],
      ["nightly", "weekly"],
    ],
    [["schedule", "fire", "other", "n"], [""]],
    [["notify", "test", "ph"], ["phone"]],
    [["ps", "nothing"], [""]],
  ])("offers for %j: %j", async (words, offered) => {
    expect(await offeredByBash(...words)).toEqual(offered);
  });
});

describe("agentd completion", () => {
  it.each(["bash", "zsh", "fish"])("prints a script for %s", async (shell) => {
    const { exitCode, stdout } = await agentd(daemon.directory, "completion", shell);
    expect(exitCode).toBe(0);
    expect(stdout).toContain("__complete -- ");
  });

  it("knows no other shell", async () => {
    const { exitCode, stderr } = await agentd(daemon.directory, "completion", "tcsh");
    expect(exitCode).toBe(2);
    expect(stderr).toContain("Allowed choices are bash, zsh, fish");
  });

  it("offers each word with what it means", async () => {
    const { stdout } = await agentd(daemon.directory, "__complete", "--", "show", "");
    expect(stdout).toBe(
      "e81234\tdemo issue-42 preparing\ne80000\tdemo success\ndemo\tnewest session, e81234\n",
    );
  });

  it("offers the operator's own agents with the others, also one that cannot be read", async () => {
    const { stdout } = await agentd(daemon.directory, "__complete", "--", "image", "build", "");
    const words = stdout.split("\n");
    expect(words).toContain("codex\tCodex CLI of OpenAI");
    expect(words).toContain("todo\tNotes what it is asked to do");
    expect(words).toContain("wrong\t");
  });

  it("offers nothing, in silence but for its error, where no daemon runs", async () => {
    const { stdout } = await agentd("/nonexistent", "__complete", "--", "show", "");
    expect(stdout).toBe("");
  });
});
