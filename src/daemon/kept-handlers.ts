/** The methods for sessions that are kept after their end. */
import type { Handlers } from "../api/handlers.ts";
import type { KeptSessions } from "../keep/kept-sessions.ts";
import { storageEnvironment } from "../podman/service/service-environment.ts";
import type { SessionDirectory } from "./session-directory.ts";

export type KeptHandlers = Pick<Handlers, "enter" | "stay" | "leave" | "remove">;

export interface KeptHandlersHost {
  readonly kept: Pick<KeptSessions, "enter" | "attend" | "leave" | "remove">;
  readonly sessions: Pick<SessionDirectory, "resolve">;
  /** The daemon's own. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Of a service that agentd does not run; undefined: it runs its own. */
  readonly podmanSocket: string | undefined;
}

export function keptHandlers({ kept, sessions, environment, podmanSocket }: KeptHandlersHost): KeptHandlers {
  return {
    enter: async ({ session, command, tty }) => {
      const id = await sessions.resolve(session);
      return {
        session_id: id,
        container: await kept.enter(id, command, tty),
        argv: command,
        podman_socket: podmanSocket ?? null,
        podman_environment: storageEnvironment(environment),
      };
    },
    stay: async ({ container }, { signal }) => {
      await kept.attend(container, signal);
      return {};
    },
    leave: async ({ container }) => {
      await kept.leave(container);
      return {};
    },
    remove: async ({ session, force }) => {
      const id = await sessions.resolve(session);
      return { session_id: id, bytes: await kept.remove(id, { force }) };
    },
  };
}
