import type { Environment } from "../environment.ts";
import type { Logger } from "../log.ts";
import type { ExitHints } from "./exits/exit-hints.ts";

export interface EngineOptions {
  /** The daemon's; the service gets the allowed part of it. */
  readonly environment: Environment;
  /** Private to the user, exists, and is cleared by a boot; the service's socket and the seccomp profile lie in it. */
  readonly runtimeDirectory: string;
  /** Path of the socket of a service that agentd does not run; undefined starts one. */
  readonly externalSocket?: string | undefined;
  /** On every container made here, and on no other. */
  readonly instanceLabel: { readonly name: string; readonly value: string };
  /** Default `ALL_EXIT_HINTS`. */
  readonly hints?: ExitHints | undefined;
  /** See `SupervisedProgramOptions`: of the Podman service that agentd runs. */
  readonly onHealth?: (why: string | undefined) => void;
  readonly log: Logger;
}
