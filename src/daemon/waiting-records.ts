/** What of a record a container has that waits for a session: beside the records, on their file system. */
import { mkdir, readdir, rename, rmdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { ifThere } from "../if-there.ts";
import type { Skeletons } from "../local/warm-ports.ts";
import type { Places } from "./places.ts";

const RUNA = "runa";
const CONSOLE = "console.log";

/** Of one instance: others may have the same directory of records. */
export interface WaitingRecords extends Skeletons {
  /** The keys of those that are there. */
  keys(): Promise<readonly string[]>;
}

/** @param remove removes a tree, whatever a container has put into it. */
export function waitingRecords(
  { auditRoot, instance }: Pick<Places, "auditRoot" | "instance">,
  remove: (directory: string) => Promise<void>,
): WaitingRecords {
  const prefix = `.${instance}-`;
  const at = (key: string) => {
    const directory = join(auditRoot, `${prefix}${key}`);
    return { directory, runaDirectory: join(directory, RUNA), consoleLogPath: join(directory, CONSOLE) };
  };
  return {
    make: async (key) => {
      const { directory, ...skeleton } = at(key);
      await mkdir(directory, { mode: 0o700 });
      await mkdir(skeleton.runaDirectory, { mode: 0o700 });
      return skeleton;
    },
    isUsed: async (key) => {
      const { runaDirectory, consoleLogPath } = at(key);
      const printed = (await ifThere(stat(consoleLogPath)))?.size ?? 0;
      return printed > 0 || (await readdir(runaDirectory)).length > 0;
    },
    fits: async ({ runaDirectory }) => (await readdir(runaDirectory)).length === 0,
    give: async (key, record) => {
      const { directory, runaDirectory, consoleLogPath } = at(key);
      await rename(runaDirectory, record.runaDirectory);
      await rename(consoleLogPath, record.consoleLogPath);
      await rmdir(directory);
    },
    remove: async (key) => {
      await remove(at(key).directory);
    },
    keys: async () => {
      const names = (await ifThere(readdir(auditRoot))) ?? [];
      return names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
    },
  };
}
