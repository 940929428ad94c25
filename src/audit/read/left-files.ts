/** What an agent has left in its part of a record. */
import { AgentdError, systemCode } from "../../errors.ts";
import { TreeEntry } from "../../trees/tree-entry.ts";
import { recordPaths } from "../format/record-layout.ts";

/** Everything below a directory but the directories. */
export interface LeftFiles {
  readonly files: number;
  /** Apparent size of the regular files together. */
  readonly bytes: number;
}

/** More than a seal covers is not counted: a process that writes the tree may never stop. */
const MOST_ENTRIES = 1_000_000;
const MOST_LEVELS = 256;

/** Entries that cannot be looked into: gone, closed, or replaced by now. */
const OUT_OF_REACH = ["ENOENT", "ENOTDIR", "EACCES", "ELOOP"];

/**
 * Counts what lies in a record's `runa/`, as far as it can be reached: the first million entries, in 256 directories
 * that lie in each other. The agent may still be writing; nothing is followed or opened.
 */
export function countLeftFiles(record: string): LeftFiles {
  const { runa } = recordPaths(record);
  const count = new Count(runa);
  count.enter(() => TreeEntry.root(runa), 0);
  return { files: count.files, bytes: count.bytes };
}

class Count {
  files = 0;
  bytes = 0;
  #entriesLeft = MOST_ENTRIES;
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Counts an entry, or what is below it. */
  enter(open: () => TreeEntry, level: number): void {
    const opened = this.#reachable(open);
    if (opened === undefined) return;
    using entry = opened;
    if (!entry.stats.isDirectory()) {
      this.files += 1;
      this.bytes += entry.stats.isFile() ? entry.stats.size : 0;
      return;
    }
    if (level > MOST_LEVELS) return;
    this.#reachable(() => {
      for (const name of entry.names()) {
        if (this.#entriesLeft-- <= 0) return;
        this.enter(() => entry.open(name), level + 1);
      }
    });
  }

  #reachable<T>(look: () => T): T | undefined {
    try {
      return look();
    } catch (error) {
      if (error instanceof AgentdError) throw error;
      const code = systemCode(error) ?? "";
      if (OUT_OF_REACH.includes(code)) return undefined;
      throw new AgentdError("record_unusable", {
        tried: `look into ${this.#directory}`,
        why: code,
        next: "Check the record with `agentd audit verify`.",
        cause: error,
      });
    }
  }
}
