/** The webhooks of a profile: which deliveries of other services start its sessions, and what these get of them. */
import * as z from "zod";
import { DEFAULT_WEBHOOK, WEBHOOK_KINDS } from "../../webhooks/hook.ts";
import { isTemplate, PAYLOAD_PATH } from "../../webhooks/template.ts";
import { refFault } from "../../workspace/repository-url.ts";
import { always, daemonVariable, namesAreUnique, rule } from "../rules/field-rules.ts";
import { profileRequestFault, workUnitRule } from "../rules/run-texts.ts";
import { plain, shown } from "./key.ts";

const MOST_WEBHOOKS = 100;
const MOST_CONDITIONS = 100;

const NAME_RULE = "must be 1 to 32 of a-z, 0-9, _ and -, starting with a letter or digit";

const scalar = z.union([z.string(), z.number(), z.boolean()]);
const matchSchema = z.record(z.string(), z.union([scalar, z.array(scalar).readonly()]));
const optionalText = z.string().optional();

const keptWebhook = z
  .strictObject({
    name: z.string(),
    kind: z.enum(WEBHOOK_KINDS),
    secret_source: z.string(),
    events: z.array(z.string()).readonly(),
    match: matchSchema,
    work_unit: optionalText,
    ref: optionalText,
    request: optionalText,
  })
  .readonly();

/** A rule for texts that are no templates: what a template becomes is known later. */
const unlessTemplate = (fault: (text: string) => string | undefined) =>
  rule((text: string) => (isTemplate(text) ? undefined : fault(text)));

const writtenWebhook = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9_-]{0,31}$/, NAME_RULE)
    .default(DEFAULT_WEBHOOK)
    .describe("Name of the webhook, unique in the profile: the last part of its URL."),
  kind: z.enum(WEBHOOK_KINDS).describe("Who sends, and so how its requests are signed."),
  secret_source: daemonVariable().describe("Variable in web.env with the secret that the sender has, too."),
  events: z
    .array(z.string().min(1, "must not be empty").max(200, "must be at most 200 characters"))
    .max(MOST_CONDITIONS, `must have at most ${MOST_CONDITIONS} events`)
    .default([])
    .describe(
      'Events that start a session, with or without their action, such as "issues.labeled". Default: all.',
    ),
  match: matchSchema
    .superRefine(pathsAreSound)
    .default({})
    .describe("What values of the payload must be, by their paths; a list has all that may be.")
    .meta({ type_in_words: "table" }),
  work_unit: z
    .string()
    .superRefine(unlessTemplate(workUnitRule))
    .optional()
    .describe("Work unit of the sessions; {path} is that value of the payload."),
  ref: z
    .string()
    .superRefine(unlessTemplate(refFault))
    .optional()
    .describe("Branch, tag or commit to check out, as work_unit. Default: the profile's."),
  request: z
    .string()
    .superRefine(rule(profileRequestFault))
    .optional()
    .describe("What the session is asked to do, as work_unit. Default: the profile's."),
});

export const WEBHOOKS = {
  webhooks: shown(
    "webhooks",
    plain(
      "webhooks",
      z.array(keptWebhook).readonly().default([]),
      z
        .array(writtenWebhook)
        .max(MOST_WEBHOOKS, `must not be more than ${MOST_WEBHOOKS} webhooks`)
        .superRefine(namesAreUnique("another webhook of this profile already has this name"), always)
        .default([])
        .describe("Deliveries of other services that start sessions."),
    ),
  ),
};

function pathsAreSound(match: Readonly<Record<string, unknown>>, context: z.core.$RefinementCtx): void {
  for (const path of Object.keys(match)) {
    if (PAYLOAD_PATH.test(path)) continue;
    const message = "must be names of fields with dots between, such as label.name";
    context.addIssue({ code: "custom", path: [path], message });
  }
}
