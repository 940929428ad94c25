/** What `agentd web` tells the daemon about webhooks; a delivery that starts a session is a `run`. */
import * as z from "zod";
import { text } from "./params.ts";

export const WEBHOOK_METHODS = {
  webhook_refused: {
    summary: "Tells the feed of events that agentd web has refused a delivery of a webhook.",
    changes: true,
    params: z.strictObject({
      profile: text(1000),
      /** Of the webhook in its profile. */
      name: text(100),
      delivery: text(200).optional(),
      event: text(200).optional(),
      why: text(1000),
    }),
    result: z.strictObject({}),
    errors: [],
  },
} as const;
