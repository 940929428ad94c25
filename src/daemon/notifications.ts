/** Notifications with what they need of the daemon. */
import { hostname } from "node:os";
import { join } from "node:path";
import type { Status } from "../api/methods.ts";
import { AgentdError } from "../errors.ts";
import type { Failpoints } from "../failpoints.ts";
import { connections } from "../http-connections.ts";
import type { PostResult } from "../http-post.ts";
import { testNotice } from "../notify/notice.ts";
import { Notifier } from "../notify/notifier.ts";
import { Outbox } from "../notify/outbox.ts";
import { Pinger } from "../notify/pinger.ts";
import { ping, send, type SendHost } from "../notify/send.ts";
import { isPing, type NotifyTarget } from "../notify/target.ts";
import type { OutletOptions } from "./outlet-options.ts";

export interface NotificationsOptions extends OutletOptions {
  /** The event after which dead men's switches are given signs. */
  readonly sinceSeq: number;
  /** Page of the console about a session; undefined: there is no console. */
  readonly linkTo?: ((sessionId: string) => string | undefined) | undefined;
  readonly failpoints: Failpoints;
}

export interface Notifications {
  /** How each target is, in the order of the file. */
  readonly states: () => Status["notify"];
  /** Tries a target. @throws AgentdError `unknown_target`. */
  readonly test: (name: string) => Promise<{ readonly delivered: boolean; readonly why: string | null }>;
  /** Looks at the configuration again. */
  readonly changed: () => void;
}

/**
 * Tells operators what needs them, from now until the daemon ends.
 *
 * @throws AgentdError `state_unusable`.
 */
export async function startNotifications(options: NotificationsOptions): Promise<Notifications> {
  const { current, credentials, environment, now, log, resources, instance, linkTo } = options;
  const { open: connect, close } = connections(environment);
  resources.defer("connections for notifications", close);
  const host: SendHost = { environment, variables: () => credentials.current, connect, now, log };
  const targets = (): readonly NotifyTarget[] => current.config.notify;
  const sender = { instance, host: hostname(), linkTo };
  const notifier = await Notifier.open({
    ...options,
    ...{ targets, sender, random: Math.random },
    outbox: new Outbox(join(options.stateDirectory, "notify")),
    send: (target, notice, signal) => send(target, notice, host, signal),
  });
  const pinger = new Pinger({
    ...options,
    targets,
    ping: (target, what, signal) => ping(target, what, host, signal),
  });
  const running = [notifier.run(), pinger.run()];
  resources.defer("notifications", async () => {
    await Promise.all([notifier.close(), pinger.close(), ...running]);
  });
  return {
    states: () => targets().map((target) => viewOf(target, notifier, pinger)),
    test: async (name) => {
      const target = targets().find((each) => each.name === name);
      if (target === undefined) throw unknownTarget(name, targets());
      const result = isPing(target)
        ? await ping(target, "ok", host, AbortSignal.timeout(60_000))
        : await notifier.try(target, testNotice(name, sender, now()));
      const why = whyOf(result);
      log.info({ notify: name, why }, "notification target tried");
      return { delivered: why === null, why };
    },
    changed: () => notifier.wake(),
  };
}

function viewOf(target: NotifyTarget, notifier: Notifier, pinger: Pinger): Status["notify"][number] {
  const state = isPing(target)
    ? { ...pinger.stateOf(target.name), pending: 0, offMs: null }
    : notifier.stateOf(target.name);
  const { pending, deliveredMs, failed, offMs } = state;
  return {
    name: target.name,
    via: target.via.kind === "command" ? "command" : target.via.format,
    state: offMs !== null ? "off" : failed === null ? "ok" : "failing",
    pending,
    delivered_timestamp: timestampOf(deliveredMs),
    failed_timestamp: timestampOf(failed?.at_ms ?? null),
    why: failed?.why ?? null,
  };
}

function timestampOf(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}

/** Null for what has arrived. */
function whyOf(result: PostResult): string | null {
  if (result.kind === "accepted") return null;
  return result.kind === "gone" ? "it answered with HTTP 410: it wants no more" : result.why;
}

function unknownTarget(name: string, targets: readonly NotifyTarget[]): AgentdError {
  const names = targets.map((target) => target.name);
  return new AgentdError("unknown_target", {
    tried: `try the target ${JSON.stringify(name)}`,
    why: "the daemon's configuration has no [[notify]] of that name",
    next:
      names.length === 0
        ? "Add one: docs/notifications.md. Then run `agentd reload`."
        : `Existing targets: ${names.join(", ")}. After a change, run \`agentd reload\`.`,
  });
}
