/** The built command line as a child process, as an operator starts it. */
import { dirname, join } from "node:path";
import { execa } from "execa";

const AGENTD = join(import.meta.dirname, "..", "..", "..", "bin", "agentd");

export const PROGRAM_DIRECTORY = dirname(AGENTD);

/** Starts `agentd` with a home of its own, in which it finds no configuration, and the socket in it. */
export function agentd(directory: string, ...argv: readonly string[]) {
  return execa(AGENTD, argv, options(directory));
}

/** As `agentd`, with further variables. */
export function agentdWith(
  directory: string,
  variables: Readonly<Record<string, string>>,
  ...argv: readonly string[]
) {
  const { env, ...rest } = options(directory);
  return execa(AGENTD, argv, { ...rest, env: { ...env, ...variables } });
}

/** As `agentd`, in another directory. */
export function agentdIn(directory: string, home: string, ...argv: readonly string[]) {
  return execa(AGENTD, argv, { ...options(home), cwd: directory });
}

/** The same with its standard output going to a file. */
export function agentdInto(file: string, directory: string, ...argv: readonly string[]) {
  return execa(
    "sh",
    ["-c", 'file=$1; shift; exec "$@" >"$file"', "sh", file, AGENTD, ...argv],
    options(directory),
  );
}

/** The same on a terminal, which shows both of its outputs in one: its name is quoted, its arguments are plain words. */
export function agentdOnTerminal(directory: string, ...argv: readonly string[]) {
  const { env, ...rest } = options(directory);
  const command = ["stty cols 100;", "exec", `'${AGENTD}'`, ...argv].join(" ");
  return execa("script", ["--quiet", "--return", "--command", command, "/dev/null"], {
    ...rest,
    env: { ...env, TERM: "xterm", SHELL: "/bin/sh" },
  });
}

function options(directory: string) {
  return {
    reject: false,
    stripFinalNewline: false,
    extendEnv: false,
    env: {
      PATH: process.env["PATH"] ?? "",
      HOME: directory,
      XDG_RUNTIME_DIR: directory,
      AGENTD_SOCKET: join(directory, "agentd.sock"),
    },
  } as const;
}
