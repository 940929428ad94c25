/**
 * The variable names that a shell reserves.
 *
 * `/bin/sh` may be bash, dash or busybox: a variable that one of them makes read-only, computes, or
 * reads to decide how it runs cannot be handed over reliably in any image.
 */
const SHELL_NAMES: ReadonlySet<string> = new Set([
  // The launcher's own variable.
  "go",
  "_",
  "DIRSTACK",
  "ENV",
  "EPOCHREALTIME",
  "EPOCHSECONDS",
  "EUID",
  "FUNCNAME",
  "GROUPS",
  "HISTCMD",
  "IFS",
  "LINENO",
  "OLDPWD",
  "OPTIND",
  "PIPESTATUS",
  "POSIXLY_CORRECT",
  "PPID",
  "PS4",
  "PWD",
  "RANDOM",
  "SECONDS",
  "SHELLOPTS",
  "SHLVL",
  "SRANDOM",
  "UID",
]);

/** A name that can be a variable of a shell. */
export const VARIABLE_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Whether a shell reserves the name, so that a value of ours would not arrive under it. */
export function shellKeeps(name: string): boolean {
  return SHELL_NAMES.has(name) || name.startsWith("BASH");
}
