import type { Kept } from "../../kept.ts";
import { shortId } from "../../short-id.ts";
import { sizeText } from "./size-text.ts";

/** A session, also of a daemon that is older and has no such field. */
interface MayBeKept {
  readonly session_id: string;
  readonly kept?: Kept | null;
}

/** What is kept, until when, and the commands for it; null: nothing. */
export function keptText({ session_id: id, kept }: MayBeKept): string | null {
  if (kept === undefined || kept === null) return null;
  const entered =
    kept.entered === 0 ? "" : `, entered ${kept.entered === 1 ? "once" : `${kept.entered} times`} now`;
  const name = shortId(id);
  return `${sizeText(kept.bytes)}, until ${kept.until_timestamp}${entered}; agentd enter ${name}, agentd rm ${name}`;
}

export function isKept({ kept }: Pick<MayBeKept, "kept">): boolean {
  return (kept ?? null) !== null;
}
