/** Through which door a request comes, and whether it may. */
import type { Context } from "hono";
import { getCookie } from "hono/cookie";
import { AgentdError } from "../../errors.ts";
import type { Logins } from "../guard/logins.ts";
import {
  type Asked,
  type Door,
  refuseBrowser,
  requireJson,
  requireOwnPage,
  requireOwnScript,
} from "../guard/request-rules.ts";
import type { TokenCheck } from "../guard/token.ts";

export interface DoorOptions {
  readonly logins: Logins;
  readonly isToken: TokenCheck;
  /** Name of the cookie: with the port in it, because a cookie is sent to every port of its host. */
  readonly cookie: string;
  readonly hasTls: boolean;
}

/** What the rules look at in a request. */
export function askedOf({ req }: Context, hasTls: boolean): Asked {
  return { method: req.method, header: (name) => req.header(name), hasTls };
}

/**
 * Lets a request in that asks for something in its body.
 *
 * @throws AgentdError `login_required`, `origin_refused`, `protocol_error`.
 */
export function enterWithBody(context: Context, options: DoorOptions): Door {
  const asked = askedOf(context, options.hasTls);
  const door = enterBy(context, options, requireOwnScript);
  requireJson(asked);
  return door;
}

/** Lets a request in that only reads. @throws AgentdError as `enterWithBody`. */
export function enterToRead(context: Context, options: DoorOptions): Door {
  return enterBy(context, options, requireOwnPage);
}

function enterBy(context: Context, options: DoorOptions, requireOwn: (asked: Asked) => void): Door {
  const { logins, isToken, cookie, hasTls } = options;
  const asked = askedOf(context, hasTls);
  const authorization = asked.header("authorization");
  if (authorization !== undefined) {
    refuseBrowser(asked);
    const [, sent = ""] = /^Bearer +(\S+)$/i.exec(authorization) ?? [];
    if (isToken(sent)) return "token";
    throw loginRequired("its token is not that of web.token_file");
  }
  // Before the cookie: what does not come from these pages learns nothing about it.
  requireOwn(asked);
  const id = getCookie(context, cookie);
  if (id !== undefined && logins.use(id)) return "cookie";
  throw loginRequired(id === undefined ? "it has neither a login nor a token" : "its login has ended");
}

function loginRequired(why: string): AgentdError {
  return new AgentdError("login_required", {
    tried: "answer the request",
    why,
    next: "Open the console with `agentd console`; scripts send `Authorization: Bearer TOKEN`.",
  });
}
