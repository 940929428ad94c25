/** A profile as agentd keeps it: immutable, camelCase, units in names, paths absolute. */
import * as z from "zod";
import type { ProfileDocument } from "./document.ts";
import { PROFILE_KEYS, type ProfileKeys } from "./keys.ts";
import type { Beside, FromFile } from "./keys/key.ts";

type KeptShape = { [K in keyof ProfileKeys as ProfileKeys[K]["name"]]: ProfileKeys[K]["kept"] };

const shape = Object.fromEntries(
  Object.values(PROFILE_KEYS).map(({ name, kept }) => [name, kept]),
) as unknown as KeptShape;

/** The kept form of a profile; refuses unknown keys. */
export const profileSchema = z.strictObject(shape).readonly();

/** The written form of one `[[profiles]]`. */
export type Profile = z.output<typeof profileSchema>;

export type { Llm } from "./keys/llm.ts";
export type { Provider } from "./rules/llm-providers.ts";

/** A file or directory of the host in the container; its source is checked when a session starts. */
export type Mount = Profile["mounts"][number];

/** A profile from what was written, which has passed the rules. @param declared what the file's `[llm]` has. */
export function toProfile(
  document: ProfileDocument,
  fromFile: FromFile,
  declared: Omit<Beside, "profile">,
): Profile {
  const beside = { ...declared, profile: document };
  const read = (written: keyof ProfileKeys): [string, unknown] => {
    const { name, read } = PROFILE_KEYS[written] as {
      readonly name: string;
      readonly read: (value: unknown, fromFile: FromFile, beside: Beside) => unknown;
    };
    return [name, read(document[written], fromFile, beside)];
  };
  const keys = Object.keys(PROFILE_KEYS) as (keyof ProfileKeys)[];
  return Object.fromEntries(keys.map(read)) as unknown as Profile;
}
