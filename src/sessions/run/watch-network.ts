import type { SessionParts } from "../parts/session-parts.ts";
import type { NetworkChange } from "../port/session-network.ts";

/** For the record, by kind. */
const WARNINGS = {
  restored:
    "The gateway of the session's network ended and was started again: connections that were open were cut, and are missing in agentd/egress.jsonl.",
  lost: "The session's network was lost, and until agentd could open it again the session reached nothing",
} as const;

/**
 * Puts into the record what happens to the network of a running command, and ends the command when it has to end because
 * of its language models.
 *
 * @param options.isEarlierDaemons whether an earlier daemon has opened it: it is taken over.
 * @param options.signal ends the watch.
 */
export function watchNetwork(
  { host, job, plan, record, standing, orders, log }: SessionParts,
  ref: string,
  { isEarlierDaemons, signal }: { readonly isEarlierDaemons: boolean; readonly signal: AbortSignal },
): void {
  const onChange = (change: NetworkChange): void => {
    // What ends with the command is no change.
    if (signal.aborted) return;
    if (change.kind === "over") {
      const { outcome, cause } = change;
      orders
        .give({ outcome, cause, graceMs: plan.profile.graceMs })
        .catch((error: unknown) => log.warn({ error }, "cannot journal that the session has to end"));
      return;
    }
    const warnings = [
      change.kind === "lost" ? `${WARNINGS.lost}: ${change.why.replace(/\.$/, "")}.` : WARNINGS.restored,
    ];
    log.warn(change, "the session's network was gone");
    standing.oweLine(`network_${change.kind}`, { warnings });
    void record.update({ warnings: [...record.document.warnings, ...warnings] }, { persist: false });
    void standing.settleInTime(signal);
  };
  const followed = host.executor.followNetwork(job, ref, { isEarlierDaemons, signal, onChange });
  followed.catch((error: unknown) => log.error({ error }, "cannot follow the session's network"));
}
