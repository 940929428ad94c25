/** A profile as the daemon shows it: snake_case, null where nothing is set, and never a value of a credential. */
import * as z from "zod";
import { usdNumber } from "../llm/money/nano.ts";
import { PROFILE_KEYS, type ProfileKeys } from "./keys.ts";
import type { Profile } from "./profile.ts";

type ShownKeys = Extract<ProfileKeys[keyof ProfileKeys], { readonly shown: object }>;

/** Of what has names: only those. */
const NAMED = ["credentials", "schedules"] as const;

type Named = (typeof NAMED)[number];

type ShownValue<Key extends ShownKeys> = Key["name"] extends Named ? string[] : Shown<z.output<Key["kept"]>>;

type Shown<Value> = Value extends readonly (infer Item)[]
  ? Item[]
  : undefined extends Value
    ? Exclude<Value, undefined> | null
    : Value;

/** What sessions of a profile may use of language models; null for no limit. */
const budgetSchema = z.strictObject({
  max_usd: z.number().nullable(),
  max_usd_per_day: z.number().nullable(),
  max_tokens: z.int().nullable(),
  max_requests: z.int().nullable(),
});

/** What the daemon shows of a profile. */
export type ProfileView = { readonly [Key in ShownKeys as Key["shown"]["as"]]: ShownValue<Key> } & {
  /** Null where the profile uses no language models through the gateway. */
  readonly budget: z.output<typeof budgetSchema> | null;
  /** Whether the work of sessions is published. */
  readonly publishes: boolean;
};

const shownKeys = Object.values(PROFILE_KEYS).flatMap((key) => ("shown" in key ? [key] : []));

/** Undefined is null on the wire. */
function shownSchema({ name, kept }: ShownKeys): z.ZodType {
  if (isNamed(name)) return z.array(z.string());
  return kept instanceof z.ZodOptional ? (kept.unwrap() as z.ZodType).nullable() : kept;
}

export const profileViewSchema = z.strictObject({
  ...Object.fromEntries(shownKeys.map((key) => [key.shown.as, shownSchema(key)])),
  budget: budgetSchema.nullable(),
  publishes: z.boolean(),
}) as unknown as z.ZodObject & z.ZodType<ProfileView>;

/** What is shown of a profile. */
export function profileView(profile: Profile): ProfileView {
  const view = shownKeys.map(({ name, shown }): [string, unknown] => {
    const value = isNamed(name) ? profile[name].map((each) => each.name) : profile[name];
    return [shown.as, value ?? null];
  });
  const { llm, publish } = profile;
  return {
    ...Object.fromEntries(view),
    budget: llm === undefined ? null : budgetOf(llm),
    publishes: publish !== undefined,
  } as ProfileView;
}

function budgetOf({ maxUsdNano, maxUsdPerDayNano, maxTokens, maxRequests }: NonNullable<Profile["llm"]>) {
  const dollars = (nano: number | undefined) => (nano === undefined ? null : usdNumber(nano));
  return {
    max_usd: dollars(maxUsdNano),
    max_usd_per_day: dollars(maxUsdPerDayNano),
    max_tokens: maxTokens ?? null,
    max_requests: maxRequests ?? null,
  };
}

function isNamed(name: string): name is Named {
  return NAMED.some((each) => each === name);
}
