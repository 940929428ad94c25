/**
 * How the operator has set up git for reading: pager and colours. Git is asked outside of any repository, because the
 * current directory may be one that an agent has filled, whose settings name programs.
 */
import { execa } from "execa";
import type { Environment } from "../../environment.ts";
import type { PatchColours } from "./patch-text.ts";

/** Belongs to root: git reads no settings of a repository there, unless root has made one. */
const OUTSIDE = "/";
/** Variables that name a repository wherever git is started. */
const OF_A_REPOSITORY = ["GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE"];

/** Git's own colours, where the operator has not set others. */
const DEFAULT_COLOURS: Readonly<Record<keyof PatchColours, string>> = {
  meta: "bold",
  frag: "cyan",
  old: "red",
  new: "green",
};

/** The command line of the operator's pager, for a shell; undefined where none is wanted or installed. */
export async function operatorsPager(environment: Environment): Promise<string | undefined> {
  const command = (await ask(["var", "GIT_PAGER"], environment))?.trim() ?? "";
  if (command === "" || command === "cat") return undefined;
  // A line of shell is the operator's own affair; a single word may be git's default, which is not on every host.
  if (!/^[\w./+-]+$/.test(command)) return command;
  const { exitCode } = await execa("sh", ["-c", 'command -v -- "$1"', "sh", command], {
    env: { ...environment },
    extendEnv: false,
    reject: false,
  });
  return exitCode === 0 ? command : undefined;
}

/** The operator's colours for patches; undefined where `color.diff` or `color.ui` wants none. */
export async function operatorsColours(environment: Environment): Promise<PatchColours | undefined> {
  if ((await ask(["config", "--get-colorbool", "color.diff", "true"], environment))?.trim() === "false")
    return undefined;
  const [meta, frag, old, added] = await Promise.all(
    (["meta", "frag", "old", "new"] as const).map(
      async (slot) =>
        (await ask(["config", "--get-color", `color.diff.${slot}`, DEFAULT_COLOURS[slot]], environment)) ??
        "",
    ),
  );
  return { meta: meta ?? "", frag: frag ?? "", old: old ?? "", new: added ?? "" };
}

/** Git's answer; undefined when it fails. */
async function ask(args: readonly string[], environment: Environment): Promise<string | undefined> {
  const env = Object.fromEntries(
    Object.entries(environment).filter(([name]) => !OF_A_REPOSITORY.includes(name)),
  );
  const options = { cwd: OUTSIDE, env, extendEnv: false, reject: false } as const;
  const { exitCode, stdout } = await execa("git", args, options);
  return exitCode === 0 ? stdout : undefined;
}
