/**
 * Faults of what is copied: they leave out one entry, where the same fault of the copy fails the seal.
 */
import { systemCode } from "../../errors.ts";

/** The system's errors when one entry of a tree cannot be read, while the rest can. */
const FAULTS_OF_ONE_ENTRY: Readonly<Record<string, string>> = {
  EACCES: "no permission",
  EPERM: "owned by another user",
  EIO: "read error",
  ENOENT: "removed while it was sealed",
  ENOTDIR: "changed while it was sealed",
  ELOOP: "changed while it was sealed",
};

/** One entry cannot be copied; the message says why. */
export class SourceFault extends Error {
  override readonly name = "SourceFault";
}

/** The same function, throwing `SourceFault` for the faults of one entry. */
export function fromSource<A extends unknown[], R>(work: (...parameters: A) => R): (...parameters: A) => R {
  return (...parameters) => {
    try {
      return work(...parameters);
    } catch (cause) {
      const reason = FAULTS_OF_ONE_ENTRY[systemCode(cause) ?? ""];
      if (reason === undefined) throw cause;
      throw new SourceFault(reason, { cause });
    }
  };
}
