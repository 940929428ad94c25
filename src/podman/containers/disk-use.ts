/** What containers take on the disk, in bytes of blocks. */
import { readdir, readlink, stat, statfs } from "node:fs/promises";
import { AgentdError } from "../../errors.ts";
import { lastLine, type Podman } from "../host/engine-report.ts";

/** A tree can have millions of files. */
const WALK_LIMIT_MS = 600_000;

/** The most descriptors that are looked at: processes of a session can have more than anybody has time for. */
const MOST_DESCRIPTORS = 20_000;

/** What the kernel adds to the name of an open file that has no name any more. */
const DELETED = " (deleted)";

/** File systems that are in memory: tmpfs, ramfs, hugetlbfs. */
const IN_MEMORY = [0x01021994, 0x858458f6, 0x958458f6];

/** What `stat` counts blocks in. */
const BLOCK_BYTES = 512;

/**
 * What trees take together, which may be missing: a hole in a file takes nothing, and a file with several names counts once.
 * What other file systems have that are mounted in them does not count. They may be written meanwhile: du goes down by descriptor and follows no link.
 *
 * @param podman only in its user namespace can all files of a container be seen.
 * @param limitMs how long it may take. Default: ten minutes.
 * @throws AgentdError `engine_failed`.
 */
export async function bytesOfTrees(
  podman: Podman,
  directories: readonly string[],
  limitMs = WALK_LIMIT_MS,
): Promise<number> {
  if (directories.length === 0) return 0;
  const du = ["du", "--summarize", "--total", "--one-file-system", "--block-size=1", "--"];
  const run = await podman(["unshare", ...du, ...directories], limitMs);
  // It fails, too, where a file was removed under its eyes; the sum is that of the others.
  const total = run.kind === "ended" ? /^(\d+)\ttotal$/m.exec(run.stdout)?.[1] : undefined;
  if (total !== undefined) return Number(total);
  throw new AgentdError("engine_failed", {
    tried: `measure ${directories.join(", ")}`,
    why: run.kind === "ended" ? lastLine(run.stderr) : `podman unshare is ${run.kind}`,
    next: "Check that `podman unshare true` works as the daemon's user, and that du of GNU coreutils is installed.",
  });
}

/**
 * What files take on a disk that processes have open and that no name leads to any more, so that no walk finds them. Of processes that
 * do not let others look, nothing counts.
 */
export async function bytesOfOpenFiles(pids: readonly number[]): Promise<number> {
  const seen = new Map<string, number>();
  let looks = 0;
  for (const pid of pids) {
    const directory = `/proc/${pid}/fd`;
    for (const name of await readdir(directory).catch(() => [])) {
      if (++looks > MOST_DESCRIPTORS) return sum(seen);
      const path = `${directory}/${name}`;
      // The link alone asks no file system, which may be that of a server that is gone.
      const link = await readlink(path).catch(() => "");
      if (link.startsWith("/") && link.endsWith(DELETED)) await add(path, seen);
    }
  }
  return sum(seen);
}

/** Whatever is gone, or another file meanwhile, is left out. */
async function add(path: string, seen: Map<string, number>): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined || !found.isFile() || found.nlink > 0) return;
  const system = await statfs(path).catch(() => undefined);
  if (system === undefined || IN_MEMORY.includes(system.type)) return;
  seen.set(`${found.dev}:${found.ino}`, found.blocks * BLOCK_BYTES);
}

function sum(seen: ReadonlyMap<string, number>): number {
  return [...seen.values()].reduce((total, bytes) => total + bytes, 0);
}
