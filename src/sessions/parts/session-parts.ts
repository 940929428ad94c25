import type { Logger } from "../../log.ts";
import type { Job } from "../port/executor.ts";
import type { OpenRecord } from "../port/ports.ts";
import type { EndOrders } from "../state/end-orders.ts";
import type { LiveCommand } from "../state/live-command.ts";
import type { Pauses } from "../state/pauses.ts";
import type { SessionPlan } from "../state/plan.ts";
import type { StallClock } from "../state/stall-clock.ts";
import type { Standing } from "../state/standing.ts";
import type { SessionHost } from "./session-host.ts";

/** What the steps of one session share. */
export interface SessionParts {
  readonly host: SessionHost;
  readonly plan: SessionPlan;
  readonly record: OpenRecord;
  readonly standing: Standing;
  readonly orders: EndOrders;
  readonly live: LiveCommand;
  readonly pauses: Pauses;
  /** What the executor is asked to run. */
  readonly job: Job;
  /** Aborted when the daemon leaves the session to the next one. */
  readonly leaving: AbortSignal;
  /** What the stall watchdog goes by: it stands still while the session is paused. */
  readonly stallClock: StallClock;
  readonly log: Logger;
}
