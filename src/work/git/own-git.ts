/**
 * Runs git in repositories of agentd's own, on objects that somebody else has made.
 *
 * Nothing in such a repository makes git start a program. Its time, its memory and the size of every file it writes are
 * bounded by the kernel, because objects may unpack to any size.
 */
import { closeSync, openSync } from "node:fs";
import { execa } from "execa";
import { endGroupWith, type GroupLeader } from "../../process-group.ts";
import { DeadlineExceeded, GitFailure, HARMLESS_SETTINGS } from "../../workspace/git.ts";
import { NotExported, shownBytes } from "../bounds/limits.ts";
import type { Pace } from "../bounds/pace.ts";

/** One run of git. */
export interface OwnGitRun {
  /** Directory of the repository. */
  readonly repository: string;
  /** Directory with files to add, in which git then runs. Default: the repository. */
  readonly workTree?: string | undefined;
  /** What git reads: bytes, or the path of a file. Default: nothing. */
  readonly input?: Buffer | { readonly path: string } | undefined;
  /** File that takes the output, instead of the result. */
  readonly outputFile?: string | undefined;
  /** The most bytes that any file may have which git writes. Default: the limit of the export. */
  readonly fileBytes?: number | undefined;
}

export interface OwnGitOptions {
  /** The whole environment of git, as `gitEnvironment` makes it. */
  readonly environment: Readonly<Record<string, string>>;
  readonly pace: Pace;
  readonly memoryBytes: number;
  /** The most bytes of a file or an output. */
  readonly bytes: number;
}

const OUTPUT_BYTES = 67_108_864;
const ERROR_BYTES = 1_048_576;

/** What is larger is neither held in memory as a whole nor compared line by line. */
const BIG_FILE = "16m";

const SETTINGS = [
  ...HARMLESS_SETTINGS,
  ...[
    "core.fsync=none",
    "core.attributesFile=/dev/null",
    "core.excludesFile=/dev/null",
    `core.bigFileThreshold=${BIG_FILE}`,
    "core.packedGitWindowSize=32m",
    "core.packedGitLimit=512m",
    "core.deltaBaseCacheLimit=64m",
    "pack.windowMemory=128m",
    "core.autocrlf=false",
    "core.safecrlf=false",
    "core.protectHFS=false",
    "core.protectNTFS=false",
  ].flatMap((setting) => ["-c", setting]),
];

const TIME_IS_UP = 124;
/** `timeout` passes on the signal that a process gets for a file that is too large, or says it as an exit code. */
const FILE_TOO_LARGE = new Set([128 + 25]);

/** Runs git for one export. */
export class OwnGit {
  readonly #options: OwnGitOptions;
  /** How many processes were started. */
  starts = 0;

  constructor(options: OwnGitOptions) {
    this.#options = options;
  }

  /** The command line, its environment and its directory, for who talks to git while it runs. */
  command(args: readonly string[], { repository, workTree, fileBytes }: OwnGitRun): OwnGitCommand {
    const { environment, pace, memoryBytes, bytes } = this.#options;
    const place = workTree === undefined ? [] : ["--work-tree", workTree];
    this.starts += 1;
    return {
      program: "prlimit",
      args: [
        ...[`--data=${memoryBytes}`, `--fsize=${fileBytes ?? bytes}`, "--core=0"],
        ...["timeout", "-k", "5", String(pace.leftMs / 1000)],
        ...["git", ...SETTINGS, "--git-dir", repository, ...place, ...args],
      ],
      options: {
        cwd: workTree ?? repository,
        env: {
          ...environment,
          GIT_NO_REPLACE_OBJECTS: "1",
          GIT_OPTIONAL_LOCKS: "0",
        },
        extendEnv: false,
        detached: true,
        reject: false,
      },
    };
  }

  /** Ends a child that runs such a command line when the export is given up. */
  endInTime(child: GroupLeader): void {
    endGroupWith(child, this.#options.pace.signal);
  }

  /**
   * Runs git and resolves with its standard output.
   *
   * @throws GitFailure when git fails, NotExported when it writes too much, DeadlineExceeded when the time is up, the
   * signal's reason when that is aborted.
   */
  async run(args: readonly string[], run: OwnGitRun): Promise<Buffer> {
    const { pace, bytes } = this.#options;
    pace.signal.throwIfAborted();
    const { program, args: words, options } = this.command(args, run);
    const { input, outputFile } = run;
    const files: number[] = [];
    // Execa takes any descriptor; its types know those of one digit.
    const opened = (path: string, flags: string): 3 => {
      const descriptor = openSync(path, flags);
      files.push(descriptor);
      return descriptor as 3;
    };
    try {
      const child = execa(program, words, {
        ...options,
        ...(Buffer.isBuffer(input)
          ? { input }
          : { stdin: input === undefined ? ("ignore" as const) : opened(input.path, "r") }),
        stdout: outputFile === undefined ? "pipe" : opened(outputFile, "w"),
        stderr: "pipe",
        encoding: "buffer",
        stripFinalNewline: false,
        maxBuffer: { stdout: OUTPUT_BYTES, stderr: ERROR_BYTES },
      });
      this.endInTime(child);
      const result = await child;
      if (result.exitCode === 0) return Buffer.from((result.stdout as Uint8Array | undefined) ?? []);
      pace.signal.throwIfAborted();
      if (result.exitCode === TIME_IS_UP) throw new DeadlineExceeded(pace.leftMs);
      if (result.isMaxBuffer) throw new NotExported(`it has more than ${shownBytes(OUTPUT_BYTES)} to say`);
      if (result.signal === "SIGXFSZ" || FILE_TOO_LARGE.has(result.exitCode ?? 0))
        throw new NotExported(`it is larger than ${shownBytes(run.fileBytes ?? bytes)}`);
      throw new GitFailure(Buffer.from(result.stderr).toString("utf8"));
    } finally {
      for (const file of files) closeSync(file);
    }
  }
}

export interface OwnGitCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly options: {
    readonly cwd: string;
    readonly env: Record<string, string>;
    readonly extendEnv: false;
    readonly detached: true;
    readonly reject: false;
  };
}
