/** What a delivery would do: start a session with these values, or nothing. It decides from data alone and does nothing. */
import { MAX_REQUEST_BYTES, requestFault, WORK_UNIT } from "../input/rules.ts";
import { refFault } from "../workspace/repository-url.ts";
import type { Webhook, WebhookKind } from "./hook.ts";
import { MOST_EVENT } from "./signature.ts";
import { fillIn, TemplateFault, valueAt } from "./template.ts";

/** No name of a branch and no work unit is longer. */
const MOST_NAME = 1_000;

/** What a delivery would do. Reasons are clauses without a full stop. */
export type Judgement =
  | {
      readonly kind: "run";
      readonly workUnit: string | undefined;
      readonly ref: string | undefined;
      /** Undefined: the profile's. */
      readonly request: string | undefined;
    }
  /** It is not what the webhook is for. */
  | { readonly kind: "ignored"; readonly why: string }
  /** It is, and lacks what a session needs. */
  | { readonly kind: "refused"; readonly why: string };

/**
 * The name of what happened: with its action, as `issues.labeled`.
 *
 * @param named the event as headers have it; undefined where they do not.
 * @returns undefined where neither headers nor payload name one.
 */
export function eventName(
  kind: WebhookKind,
  named: string | undefined,
  payload: unknown,
): string | undefined {
  const [name, action] =
    kind === "gitlab"
      ? [valueAt(payload, "object_kind"), valueAt(payload, "object_attributes.action")]
      : kind === "standard" || kind === "bearer"
        ? [valueAt(payload, "type"), undefined]
        : [named, valueAt(payload, "action")];
  if (typeof name !== "string" || name === "") return undefined;
  return (typeof action === "string" && action !== "" ? `${name}.${action}` : name).slice(0, MOST_EVENT);
}

/** @param event as `eventName` tells it. */
export function judge(hook: Webhook, event: string | undefined, payload: unknown): Judgement {
  const ignored = whyIgnored(hook, event, payload);
  if (ignored !== undefined) return { kind: "ignored", why: ignored };
  try {
    const name = (template: string | undefined) =>
      template === undefined ? undefined : fillIn(template, payload, { most: MOST_NAME });
    const [workUnit, ref] = [name(hook.work_unit), name(hook.ref)];
    const request =
      hook.request === undefined
        ? undefined
        : fillIn(hook.request, payload, { most: MAX_REQUEST_BYTES, mayMiss: true });
    const fault = faultOf(workUnit, ref, request);
    return fault === undefined ? { kind: "run", workUnit, ref, request } : { kind: "refused", why: fault };
  } catch (error) {
    if (error instanceof TemplateFault) return { kind: "refused", why: error.message };
    throw error;
  }
}

/** What the daemon would refuse. */
function faultOf(workUnit?: string, ref?: string, request?: string): string | undefined {
  if (workUnit !== undefined && !WORK_UNIT.test(workUnit))
    return "its work unit is not 1 to 200 printable characters";
  const [wrongRef, wrongRequest] = [
    ref === undefined ? undefined : refFault(ref),
    request === undefined ? undefined : requestFault(request),
  ];
  if (wrongRef !== undefined) return `its ref is refused: ${wrongRef}`;
  return wrongRequest === undefined ? undefined : `its request is refused: ${wrongRequest}`;
}

function whyIgnored(
  { events, match }: Webhook,
  event: string | undefined,
  payload: unknown,
): string | undefined {
  if (events.length > 0 && !events.some((each) => each === event || event?.startsWith(`${each}.`) === true)) {
    return `${event === undefined ? "it names no event" : `its event is ${event}`}, and the webhook is for ${events.join(", ")}`;
  }
  for (const [path, wanted] of Object.entries(match)) {
    const value = valueAt(payload, path);
    if (!(Array.isArray(wanted) ? wanted : [wanted]).includes(value))
      return `${path} is ${value === undefined ? "missing" : short(value)}, and match wants ${short(wanted)}`;
  }
  return undefined;
}

function short(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
