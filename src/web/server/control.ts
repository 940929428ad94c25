/** What `agentd console` asks over a Unix socket that only this user can reach. */
import { chmod } from "node:fs/promises";
import { Hono } from "hono";
import type { Logger } from "../../log.ts";
import { prepareSocketPath, unusable } from "../../rpc/socket-file.ts";
import type { Logins } from "../guard/logins.ts";
import { Listener, WEB_PATIENCE } from "./listener.ts";

export interface ControlOptions {
  readonly logins: Logins;
  /** Address of the pages. */
  readonly url: string;
  readonly version: string;
  readonly log: Logger;
}

/** The paths and what they answer. */
export function createControl({ logins, url, version, log }: ControlOptions): Hono {
  const app = new Hono();
  app.get("/", (context) => context.json({ version, url, logins: logins.count }));
  app.post("/login", (context) => {
    log.info("a link for a login was made");
    return context.json({ url: `${url}#login=${logins.mint()}` });
  });
  app.post("/revoke", (context) => {
    const ended = logins.endAll();
    log.info({ ended }, "all logins were ended");
    return context.json({ ended });
  });
  return app;
}

/** Binds the socket, mode 0600. @throws AgentdError `socket_unusable`, also where another agentd web listens. */
export async function listenForConsole(app: Hono, path: string, uid: number): Promise<Listener> {
  await prepareSocketPath(path, uid);
  const listener = new Listener({ app, tls: undefined, patience: WEB_PATIENCE });
  try {
    await listener.listenOnSocket(path);
    await chmod(path, 0o600);
    return listener;
  } catch (error) {
    throw unusable(path, error instanceof Error ? error.message : String(error), undefined, error);
  }
}
