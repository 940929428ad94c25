import type { Failpoints } from "../../failpoints.ts";
import type { Logger } from "../../log.ts";
import type { AfterSessions } from "../port/after-session.ts";
import type { Executor } from "../port/executor.ts";
import type { FollowUpsPort } from "../port/follow-ups.ts";
import type { Keeping } from "../port/keeping.ts";
import type { Clock } from "../port/ports.ts";
import type { RedactionPort } from "../port/redaction.ts";
import type { Admission } from "../queue/admission.ts";
import type { FreeSpace } from "../queue/free-space.ts";
import type { SessionFeed } from "../state/feed.ts";

/** What every session of a daemon shares. */
export interface SessionHost {
  readonly executor: Executor;
  readonly admission: Admission;
  readonly freeSpace: FreeSpace;
  readonly feed: SessionFeed;
  readonly clock: Clock;
  readonly log: Logger;
  /** Identifies this boot: a container of another one is gone, whatever the engine shows. */
  readonly boot: string;
  /** Named in the journal of a session that this daemon adopts. */
  readonly daemon: { readonly pid: number; readonly version: string };
  /** Announces a seal, so that its worker is ready. */
  readonly prepareSeal: () => void;
  /** Announces an export, so that its worker is ready. */
  readonly prepareExport: () => void;
  /** What a command printed last on its standard output; empty when nothing can be read. */
  readonly lastPrinted: (consoleLogPath: string) => Promise<string>;
  /** Programs of profiles that run when a record is sealed. */
  readonly afterwards: AfterSessions;
  /** Sessions that stay after their end. */
  readonly keeping: Keeping;
  /** Sessions that start when a record is sealed. */
  readonly followUps: FollowUpsPort;
  readonly redaction: RedactionPort;
  readonly failpoints: Failpoints;
}
