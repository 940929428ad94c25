/** What a node's record says, in the words of sessions. */
import type { NodeRecord } from "../audit/verify/verify-node.ts";
import { ending } from "../outcome.ts";
import type { ChannelStatus } from "../placement/channel/control.ts";
import type { CommandEnd } from "../sessions/port/executor.ts";

type Told = Extract<CommandEnd, { readonly kind: "told" }>;

/** @param claim who has run it, as the channel knows. */
export function toldBy(
  { document, keyId, statement }: NodeRecord,
  claim: NonNullable<ChannelStatus["claim"]>,
): Told {
  const { outcome, exit_code, signal, stage, cause } = document;
  const { cluster = null, job_id = null } = document.placement ?? {};
  return {
    kind: "told",
    ending: { ...ending(outcome ?? "interrupted"), exit_code, signal, stage, cause },
    endedAt: document.end_timestamp ?? undefined,
    warnings: document.warnings,
    fields: {
      commit: document.commit,
      image_digest: document.image_digest,
      start_timestamp: document.start_timestamp,
      output_lost: document.output_lost,
      peak_memory_bytes: document.peak_memory_bytes,
      peak_pids: document.peak_pids,
      peak_disk_bytes: document.peak_disk_bytes,
      cpu_seconds: document.cpu_seconds,
      placement: {
        ...{ engine: "slurm", cluster, job_id, node: claim.node, boot_id: claim.boot_id },
        ...{ node_key: keyId, node_statement: statement },
      },
    },
  };
}
