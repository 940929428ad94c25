import { mkdir, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import type { ContainersEnvironment } from "../kit/containers-environment.mjs";

const PAGE_BYTES = 4096;

/** Mounts, tells its pid, and holds the namespace for as long as somebody wants it. */
const HOLDER = `
mount -t tmpfs -o size="$1" none disk && mkdir disk/state && mount --bind disk small && echo $$ && exec cat
`;
/** Ends what `HOLDER` has mounted. */
const CLEAR = "umount --lazy small disk";
/** Directories that agentd resolves links of: it then gets paths that mean another directory outside of the namespace. */
const RESOLVED = ["agentd", "tesserine/audit"];

/**
 * A small file system that the daemon and its containers see under the same path, made without root: a tmpfs in the
 * mount namespace of the user's Podman. There the path is a mount; outside, where the daemon runs, a link leads into
 * that namespace.
 */
export class SmallDisk {
  /** On the small file system. */
  readonly directory: string;
  readonly #release: () => Promise<void>;

  private constructor(directory: string, release: () => Promise<void>) {
    this.directory = directory;
    this.#release = release;
  }

  /** @param parent a directory that exists. @param size as mount takes it. */
  static async make(containers: ContainersEnvironment, parent: string, size: string): Promise<SmallDisk> {
    const disk = join(parent, "disk");
    const place = join(parent, "small");
    await mkdir(place);
    for (const each of RESOLVED) await mkdir(join(disk, "state", each), { recursive: true });
    // Relative to it: a command line with the arena's name in it would look like a process of its sessions.
    const options = { env: containers.variables, cwd: parent };
    const holder = execa("podman", ["unshare", "sh", "-c", HOLDER, "sh", size], options);
    const pid = await new Promise<string>((resolve, reject) => {
      holder.stdout.once("data", (chunk: Buffer) => resolve(chunk.toString().trim()));
      holder.catch(reject);
    });
    await symlink(`/proc/${pid}/root${disk}/state`, join(place, "state"));
    return new SmallDisk(join(place, "state"), async () => {
      await execa("podman", ["unshare", "sh", "-c", CLEAR], options);
      holder.stdin.end();
      await holder;
    });
  }

  /** Takes every free page. */
  async fill(): Promise<void> {
    for (let part = 0; ; part += 1) {
      try {
        await writeFile(join(this.directory, `ballast-${part}`), Buffer.alloc(PAGE_BYTES), { flag: "wx" });
      } catch {
        return; // Full.
      }
    }
  }

  /** Takes some of it. */
  async take(bytes: number): Promise<void> {
    await writeFile(join(this.directory, "ballast"), Buffer.alloc(bytes), { flag: "wx" });
  }

  /** Gives back what `take` and `fill` have taken. */
  async free(): Promise<void> {
    const names = (await readdir(this.directory)).filter((name) => name.startsWith("ballast"));
    await Promise.all(names.map((name) => rm(join(this.directory, name))));
  }

  async close(): Promise<void> {
    await this.#release();
  }
}
