import { execa } from "execa";
import { expect, it, onTestFinished } from "vitest";
import { endLeftoverGit } from "../../../src/workspace/leftover-git.ts";
import { processesWith } from "../../kit/processes.mjs";
import { until } from "../../kit/until.mjs";

const STAGING = `/nowhere/staging/${process.pid}`;
/** Has the arguments of a git of ours, and sleeps until the test is over. */
const SCRIPT = "setTimeout(() => undefined, 100_000)";

/** Starts a process that leads a group and looks like a git of ours, by arguments; gives its pid. */
async function startLikeGit(name: string, prefix: readonly string[] = []): Promise<number> {
  const argument = `${STAGING}/${name}`;
  const like = [
    "bash",
    "-c",
    'exec -a timeout "$@"',
    "bash",
    process.execPath,
    "-e",
    SCRIPT,
    "git",
    argument,
  ];
  void execa("env", [...prefix, "setsid", "--wait", ...like], { reject: false, stdio: "ignore" });
  const pid = await until("its start", async () => (await processesWith(`_000) git ${argument}`)).at(-1));
  onTestFinished(async () => {
    for (const left of await processesWith(argument)) process.kill(left, "SIGKILL");
  });
  return pid;
}

it("ends git that works in a staging directory, and nothing in a container that looks like it", async () => {
  await startLikeGit("ours");
  await startLikeGit("alike", ["podman", "unshare"]);
  const asGit = async (name: string): Promise<number> =>
    (await processesWith(`timeout -e ${SCRIPT} git ${STAGING}/${name}`)).length;
  await until("both look like git", async () => (await asGit("ours")) + (await asGit("alike")) === 2);
  await endLeftoverGit([STAGING]);
  expect([await asGit("ours"), await asGit("alike")]).toEqual([0, 1]);
});
