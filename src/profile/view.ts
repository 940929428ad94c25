/** A profile as the daemon shows it: snake_case, null where nothing is set, and never a value of a credential. */
import * as z from "zod";
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

/** What the daemon shows of a profile. */
export type ProfileView = { readonly [Key in ShownKeys as Key["shown"]["as"]]: ShownValue<Key> };

const shownKeys = Object.values(PROFILE_KEYS).flatMap((key) => ("shown" in key ? [key] : []));

/** Undefined is null on the wire. */
function shownSchema({ name, kept }: ShownKeys): z.ZodType {
  if (isNamed(name)) return z.array(z.string());
  return kept instanceof z.ZodOptional ? (kept.unwrap() as z.ZodType).nullable() : kept;
}

export const profileViewSchema = z.strictObject(
  Object.fromEntries(shownKeys.map((key) => [key.shown.as, shownSchema(key)])),
) as unknown as z.ZodObject & z.ZodType<ProfileView>;

/** What is shown of a profile. */
export function profileView(profile: Profile): ProfileView {
  const view = shownKeys.map(({ name, shown }): [string, unknown] => {
    const value = isNamed(name) ? profile[name].map((each) => each.name) : profile[name];
    return [shown.as, value ?? null];
  });
  return Object.fromEntries(view) as ProfileView;
}

function isNamed(name: string): name is Named {
  return NAMED.some((each) => each === name);
}
