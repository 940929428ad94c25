/** The URLs of webhooks. */
import type { Hono } from "hono";
import { AgentdError } from "../../errors.ts";
import { HOOKS_PATH, webhookPath } from "../../webhooks/hook.ts";
import { Bodies } from "./bodies.ts";
import type { Hooks } from "./hooks.ts";

/** Bytes of the body of a delivery at most. */
export const MOST_BODY_BYTES = 1024 * 1024;

/** Answers deliveries: 202 with a session, 200 where there is nothing to do. */
export function addHooks(
  app: Hono,
  { hooks, readOnly }: { readonly hooks: Hooks; readonly readOnly: boolean },
): void {
  const bodies = new Bodies(MOST_BODY_BYTES);
  app.post(`${HOOKS_PATH}:profile/:name`, async (context) => {
    const { profile, name } = context.req.param();
    const hook = await hooks.find({ profile, name });
    if (readOnly) {
      throw new AgentdError("read_only", {
        tried: `take a delivery at ${webhookPath(profile, name)}`,
        why: "web.read_only is set",
        next: "Set it to false and start agentd web again.",
      });
    }
    const received = await bodies.use(context.req.raw.body, async (body) =>
      hooks.receive({ profile, name }, hook, { header: (each) => context.req.header(each), body }),
    );
    return context.json(received, "session_id" in received ? 202 : 200);
  });
}
