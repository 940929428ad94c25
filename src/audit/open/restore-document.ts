import { publishedSchema } from "../../published.ts";
import {
  egressSchema,
  redactionSchema,
  type SessionDocument,
  sessionDocumentSchema,
  sessionLlmSchema,
} from "../../session-document.ts";
import { artifactsSchema, workSchema } from "../../work-fields.ts";
import type { JournalEntry } from "../format/journal.ts";

/** What the agentd of a node has found out about a session that ran there. */
const toldSchema = sessionDocumentSchema.pick({
  commit: true,
  image_digest: true,
  start_timestamp: true,
  output_lost: true,
  placement: true,
  peak_memory_bytes: true,
  peak_pids: true,
  peak_disk_bytes: true,
  cpu_seconds: true,
});

/** The findings of a launch, which a new launch does not know yet. */
const BEFORE_LAUNCH = {
  commit: null,
  image_digest: null,
  methodology_digest: null,
  output_lost: null,
  warnings: [],
} satisfies Partial<SessionDocument>;

/**
 * The document of an open record, from what was accepted and what was journaled since: `session.json` may lack what
 * was not worth a write of its own.
 */
export function restoreDocument(
  accepted: SessionDocument,
  journal: readonly JournalEntry[],
): SessionDocument {
  return journal.reduce(apply, accepted);
}

function apply(document: SessionDocument, entry: JournalEntry): SessionDocument {
  switch (entry.event) {
    case "started":
      return { ...document, ...BEFORE_LAUNCH };
    case "methodology_found":
      return withWarnings(
        { ...document, methodology_digest: textOrNull(entry["methodology_digest"]) },
        entry,
      );
    case "image_found":
      return { ...document, image_digest: textOrNull(entry["image_digest"]) };
    case "cloned":
      return withWarnings({ ...document, commit: textOrNull(entry["commit"]) }, entry);
    case "container_created":
    case "warm_taken":
      return withWarnings(document, entry);
    case "disk_full":
      return withWarnings({ ...document, output_lost: true }, entry);
    case "exported":
      return withWarnings({ ...document, ...exportedFields(entry) }, entry);
    case "network_closed":
      return withWarnings(
        {
          ...document,
          egress: egressSchema.safeParse(entry["egress"]).data ?? null,
          llm: sessionLlmSchema.safeParse(entry["llm"]).data ?? null,
        },
        entry,
      );
    case "node_record":
      return withWarnings({ ...document, ...toldSchema.safeParse(entry).data }, entry);
    case "redacted":
      return withWarnings({ ...document, ...redactionSchema.safeParse(entry).data }, entry);
    case "published":
      return withWarnings({ ...document, published: publishedSchema.safeParse(entry).data ?? null }, entry);
    case "stalled":
    case "disk_unmeasured":
    case "volumes_opened":
    case "publish_failed":
    case "network_restored":
    case "network_lost":
    case "export_failed":
      return withWarnings(document, entry);
    case "gate_opened":
      return { ...document, start_timestamp: entry.time };
    default:
      return document;
  }
}

function exportedFields(entry: JournalEntry): Pick<SessionDocument, "work" | "artifacts"> {
  return {
    work: workSchema.safeParse(entry).data ?? null,
    artifacts: artifactsSchema.safeParse(entry["artifacts"]).data ?? null,
  };
}

function withWarnings(document: SessionDocument, { warnings }: JournalEntry): SessionDocument {
  if (!Array.isArray(warnings)) return document;
  const texts = warnings.filter((warning) => typeof warning === "string");
  return { ...document, warnings: [...document.warnings, ...texts] };
}

function textOrNull(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
