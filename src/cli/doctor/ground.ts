/** What every check of this host receives. */
import { type BoundedRun, runBounded } from "../../bounded-command.ts";
import type { Host } from "../../config/paths.ts";
import { failure, type Finding } from "../../finding.ts";
import { type Install, readInstall } from "./packages.ts";

export interface Ground {
  readonly host: Host;
  /** Name of the user who asks. */
  readonly user: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly install: Install;
  /** Runs a program of the host that gets no variable of ours but PATH, for 10 s at most. */
  readonly run: (program: string, args: readonly string[]) => Promise<BoundedRun>;
  /**
   * What is wrong with a path on which even `stat` hangs; undefined when it answers, also that there is nothing. To be
   * asked before anything else touches a path: what hangs in this process keeps it from ending.
   */
  readonly unreachable: (path: string) => Promise<Finding | undefined>;
}

const LIMIT_MS = 10_000;

/** @param options what `Ground` has of it. */
export async function createGround(options: Pick<Ground, "host" | "user" | "now">): Promise<Ground> {
  const environment = { PATH: options.host.env["PATH"], LC_ALL: "C" };
  const run: Ground["run"] = (program, args) => runBounded(program, args, { environment, limitMs: LIMIT_MS });
  const known = new Map<string, Promise<Finding | undefined>>();
  return {
    ...options,
    run,
    install: await readInstall(),
    unreachable: (path) => {
      const answer = known.get(path) ?? unreachable(path, run);
      known.set(path, answer);
      return answer;
    },
  };
}

async function unreachable(path: string, run: Ground["run"]): Promise<Finding | undefined> {
  const { kind } = await run("stat", ["--file-system", "--format=%T", "--", path]);
  if (kind !== "hung") return undefined;
  return failure(
    `${path} does not answer, as on a network mount whose server is gone`,
    `findmnt --target ${path}   # bring its server back, or: sudo umount --lazy its mount point`,
  );
}
