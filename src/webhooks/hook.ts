/** A webhook of a profile, as it is configured and shown. It has no secret: `secret_source` names a variable of `web.env`. */

/** Who sends, and so how a request is signed, named and told. */
export const WEBHOOK_KINDS = ["github", "gitlab", "gitea", "standard", "bearer"] as const;

export type WebhookKind = (typeof WEBHOOK_KINDS)[number];

/** Of the webhook whose profile has no other. */
export const DEFAULT_WEBHOOK = "default";

/** The name of the file that a session gets the payload in. */
export const PAYLOAD_FILE = "event.json";

type Scalar = string | number | boolean;

export interface Webhook {
  /** Unique in its profile. */
  readonly name: string;
  readonly kind: WebhookKind;
  readonly secret_source: string;
  /** Which events start a session; none: all. */
  readonly events: readonly string[];
  /** What values of the payload must be, by their paths: one of these. */
  readonly match: Readonly<Record<string, Scalar | readonly Scalar[]>>;
  /** Templates; undefined: no work unit, and the profile's ref and request. */
  readonly work_unit?: string | undefined;
  readonly ref?: string | undefined;
  readonly request?: string | undefined;
}

/** Where webhooks are. */
export const HOOKS_PATH = "/hooks/";

/** The URL of a webhook, from the address of `agentd web`. */
export function webhookPath(profile: string, name: string): string {
  return `${HOOKS_PATH}${encodeURIComponent(profile)}/${encodeURIComponent(name)}`;
}
