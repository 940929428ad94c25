/** Finding a file or directory of a record by a path that an operator typed. No link is followed. */
import { AgentdError, systemCode } from "../../errors.ts";
import { kindOf } from "../../regular-file.ts";
import { type BytePath, bytePath, shownPath } from "../../trees/byte-path.ts";
import { TreeEntry } from "../../trees/tree-entry.ts";

/** An entry that the caller closes, and its name; the record itself has none. */
export interface FoundEntry {
  readonly entry: TreeEntry;
  readonly name: BytePath | undefined;
}

/**
 * Opens the entry at a path of a record.
 *
 * @param names the names on the way to it; none: the record itself. A name that is not UTF-8 is given as agentd shows it.
 * @param tried what for, as a phrase after "cannot".
 * @throws AgentdError `copy_failed` when there is no such entry, or a link on the way to it.
 */
export function openEntry(record: string, names: readonly string[], tried: string): FoundEntry {
  let found: FoundEntry = { entry: opened(() => TreeEntry.root(record), tried), name: undefined };
  for (const [index, name] of names.entries()) {
    const above = names.slice(0, index).join("/");
    using directory = found.entry;
    if (!directory.stats.isDirectory())
      throw failed(tried, `${above} is a ${kindOr(directory)}, not a directory`);
    const actual = actualName(directory, name, tried);
    found = { entry: opened(() => directory.open(actual), tried), name: actual };
  }
  return found;
}

/** Says that something cannot be copied. */
export function failed(tried: string, why: string, cause?: unknown): AgentdError {
  return new AgentdError("copy_failed", {
    tried,
    why,
    next: "`agentd cp SESSION:. DIRECTORY` copies the whole record; `agentd show SESSION` says where it is.",
    cause,
  });
}

/** The name itself, else the one that agentd shows like this. */
function actualName(directory: TreeEntry, name: string, tried: string): BytePath {
  const exact = bytePath(name);
  try {
    directory.look(exact);
    return exact;
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw failed(tried, systemCode(error) ?? String(error), error);
  }
  for (const other of opened(() => [...directory.names()], tried))
    if (shownPath(other) === name) return other;
  throw failed(tried, `there is no ${name} in the record`);
}

function opened<T>(open: () => T, tried: string): T {
  try {
    return open();
  } catch (error) {
    throw failed(tried, systemCode(error) ?? String(error), error);
  }
}

function kindOr({ stats }: TreeEntry): string {
  return stats.isFile() ? "file" : kindOf(stats);
}
