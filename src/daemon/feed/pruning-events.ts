import type { EvidencePaths } from "../../audit/keys/evidence-paths.ts";
import { forgetPruningNote, readPruningNotes } from "../../audit/upkeep/pruning-notes.ts";
import type { DurableFeed } from "../../events/durable-feed.ts";

/** Whose lines, the tombstones, these events tell of. */
const CHAIN = "chain.jsonl";

/**
 * Tells the feed of prunings by this daemon, by commands, and by whoever pruned while no daemon ran.
 *
 * @throws AgentdError `state_unusable`; what could not be told is told by the next call.
 */
export async function tellPrunings(
  feed: Pick<DurableFeed, "append" | "cursor" | "mend">,
  paths: EvidencePaths,
): Promise<void> {
  for (const note of await readPruningNotes(paths)) {
    const { sequence, timestamp, session_ids: ids } = note;
    // A daemon that died may have told of it and not have removed the note.
    if (feed.cursor(CHAIN)?.seq !== sequence) {
      feed.mend(CHAIN);
      const data = { records: ids.length, session_ids: ids };
      await feed.append({
        ...{ time: timestamp, source: CHAIN, source_seq: sequence, type: "record.pruned", data },
      });
    }
    await forgetPruningNote(paths, note);
  }
}
