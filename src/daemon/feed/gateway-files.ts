/** What the gateway's files tell the feed about a session. */
import * as z from "zod";
import { recordPaths } from "../../audit/format/record-layout.ts";
import type { ObservedRecord } from "../../audit/open/record-observer.ts";
import type { DurableFeed } from "../../events/durable-feed.ts";
import type { NewEvent } from "../../events/event.ts";
import type { OtherFiles } from "../../events/session-tale.ts";
import { EGRESS_FILE } from "../../gateway/log/egress-line.ts";
import { LEDGER_FILE } from "../../llm/ledger/ledger-line.ts";
import { BudgetEvents } from "./budget-events.ts";
import { EgressEvents } from "./egress-events.ts";
import type { SessionPlace } from "./session-place.ts";

/** The part of a session's plan that says which files there are. */
const planSchema = z.object({
  profile: z.object({
    network: z.string().optional(),
    llm: z
      .object({
        maxUsdNano: z.number().optional(),
        maxTokens: z.number().optional(),
        maxRequests: z.number().optional(),
      })
      .optional(),
  }),
});

/** The gateway's files of a session, without what the feed has; undefined where the session has no gateway. */
export function gatewayFilesOf(
  feed: Pick<DurableFeed, "cursor">,
  { id, directory, document, plan }: ObservedRecord,
): OtherFiles | undefined {
  const { network, llm } = planSchema.safeParse(plan).data?.profile ?? {};
  const place: SessionPlace = (file) => {
    return { session_id: id, profile: document.profile, source: `${id}/${file}` };
  };
  const paths = recordPaths(directory);
  const egress = network === "allowlist" ? new EgressEvents(place, paths.egress) : undefined;
  const last = feed.cursor(`${id}/${LEDGER_FILE}`)?.type;
  const budget = llm && new BudgetEvents(place, { path: paths.llm, limits: llm, last });
  if (egress === undefined && budget === undefined) return undefined;
  const told = feed.cursor(`${id}/${EGRESS_FILE}`)?.seq ?? -1;
  return {
    next: async (): Promise<NewEvent[]> => {
      const denied = (await egress?.next()) ?? [];
      const spent = (await budget?.next()) ?? [];
      return [...denied.filter(({ source_seq: line }) => line > told), ...spent];
    },
  };
}
