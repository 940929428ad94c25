/** The methods for sessions whose command runs. */
import type { Handlers } from "../api/handlers.ts";
import { storageEnvironment } from "../podman/service/service-environment.ts";
import type { Intake } from "../sessions/intake.ts";
import { type Hands, notRunning } from "../sessions/run/hands.ts";
import type { SessionDirectory } from "./session-directory.ts";

export type LiveHandlers = Pick<Handlers, "exec">;

export interface LiveHandlersHost {
  readonly intake: Pick<Intake, "get">;
  readonly sessions: Pick<SessionDirectory, "resolve">;
  /** The daemon's own. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Of a service that agentd does not run; undefined: it runs its own. */
  readonly podmanSocket: string | undefined;
}

export function liveHandlers({
  intake,
  sessions,
  environment,
  podmanSocket,
}: LiveHandlersHost): LiveHandlers {
  /** @param tried such as "pause session". @throws AgentdError `session_not_running` for a sealed one. */
  const handsOf = async (named: string, tried: string): Promise<{ id: string; hands: Hands }> => {
    const id = await sessions.resolve(named);
    const hands = intake.get(id)?.hands;
    if (hands === undefined) throw notRunning(tried, id, "sealed");
    return { id, hands };
  };
  return {
    exec: async ({ session, ...request }) => {
      const { id, hands } = await handsOf(session, "start a command in the session");
      const { ref, argv } = await hands.exec(request);
      return {
        session_id: id,
        container: ref,
        argv: [...argv],
        podman_socket: podmanSocket ?? null,
        podman_environment: storageEnvironment(environment),
      };
    },
  };
}
