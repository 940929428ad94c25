/**
 * The engine room's door: everything that sessions need from Podman, and nothing that tells how.
 */
import { randomUUID } from "node:crypto";
import { AgentdError } from "../errors.ts";
import type { Logger } from "../log.ts";
import { weaknesses } from "./container-check.ts";
import { containerSpec, type ContainerRequest } from "./container-spec.ts";
import { Containers, type ListedContainer } from "./containers.ts";
import { containerMissing } from "./engine-failure.ts";
import type { EngineService } from "./engine-service.ts";
import { EventStream } from "./event-stream.ts";
import { ExitFiles } from "./exit-files.ts";
import { ExitWatch, type ContainerExit } from "./exit-watch.ts";
import { readEngineHost, type EngineHost, type LimitName } from "./host-features.ts";
import { EngineHttp } from "./http.ts";
import { ImageProbe } from "./image-probe.ts";
import { resolveImage, type PullPolicy, type ResolvedImage, type ResolveOptions } from "./images.ts";
import { identifyProcess, type ProcessIdentity } from "./process-table.ts";
import type { InspectReply } from "./replies.ts";

/** The label by which an instance of agentd knows its containers. */
export const INSTANCE_LABEL = "io.agentd.instance";

/** Which hints of an exit are used. Any one alone gives the right outcome, only later. */
export interface ExitHints {
  readonly exitFiles: boolean;
  readonly events: boolean;
  /** How often to look without a hint; undefined for never. */
  readonly inspectIntervalMs: number | undefined;
}

export interface EngineOptions {
  /** Started and stopped by the engine. */
  readonly service: EngineService;
  /** The value of `INSTANCE_LABEL` on every container made here. */
  readonly instance: string;
  /** Where conmon writes exit files: `$XDG_RUNTIME_DIR/libpod/tmp/exits`. */
  readonly exitsDirectory: string;
  /** Default: all, and a look every 5 s. */
  readonly hints?: ExitHints | undefined;
  readonly log: Logger;
}

/** A container that was created and has not started. */
export interface CreatedContainer {
  /** 64 hex digits. */
  readonly id: string;
  /** Limits that were asked for, or are the default, and that this host cannot enforce. */
  readonly unenforcedLimits: readonly LimitName[];
}

const ALL_HINTS: ExitHints = { exitFiles: true, events: true, inspectIntervalMs: 5_000 };
