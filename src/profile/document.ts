/** One `[[profiles]]` of the configuration as it is written, with the rules across its keys. */
import * as z from "zod";
import { PROFILE_KEYS, type ProfileKeys } from "./keys.ts";
import { always, type Context, isTable, textsOf } from "./rules/field-rules.ts";
import { fileTargetFaults } from "./rules/file-targets.ts";
import { targetFaults } from "./rules/mount-targets.ts";
import { timeZoneFault } from "./rules/time-zone.ts";

type WrittenShape = { [K in keyof ProfileKeys]: ProfileKeys[K]["written"] };

const shape = Object.fromEntries(
  Object.entries(PROFILE_KEYS).map(([key, { written }]) => [key, written]),
) as unknown as WrittenShape;

export const profileDocumentSchema = z
  .strictObject(shape)
  .superRefine(noNameIsBoth, always)
  .superRefine(mountTargetRules, always)
  .superRefine(fileTargetRules, always)
  .superRefine(repositoryRules, always);

/** A profile as it is written: snake_case, durations and sizes as texts, with defaults. */
export type ProfileDocument = z.output<typeof profileDocumentSchema>;

/** Checked for all profiles at once: Intl is slow for a zone, and many profiles name the same few. */
export function zonesAreKnown(profiles: unknown, context: Context): void {
  const faults = new Map<string, string | undefined>();
  for (const [index, zone] of textsOf(profiles, "timezone").entries()) {
    if (zone === undefined) continue;
    if (!faults.has(zone)) faults.set(zone, timeZoneFault(zone));
    const message = faults.get(zone);
    if (message !== undefined) context.addIssue({ code: "custom", path: [index, "timezone"], message });
  }
}

function noNameIsBoth(profile: unknown, context: Context): void {
  if (!isTable(profile) || !isTable(profile["env"])) return;
  for (const [index, name] of textsOf(profile["credentials"], "name").entries()) {
    if (name === undefined || !Object.hasOwn(profile["env"], name)) continue;
    const message = "this name is also in env; remove one of them";
    context.addIssue({ code: "custom", path: ["credentials", index, "name"], message });
  }
}

function mountTargetRules(profile: unknown, context: Context): void {
  if (!isTable(profile)) return;
  const name = typeof profile["name"] === "string" ? profile["name"] : undefined;
  for (const { index, message } of targetFaults(textsOf(profile["mounts"], "target"), name)) {
    context.addIssue({ code: "custom", path: ["mounts", index, "target"], message });
  }
}

function fileTargetRules(profile: unknown, context: Context): void {
  if (!isTable(profile)) return;
  const name = typeof profile["name"] === "string" ? profile["name"] : undefined;
  const targets = textsOf(profile["files"], "target");
  for (const { index, message } of fileTargetFaults(targets, textsOf(profile["mounts"], "target"), name)) {
    context.addIssue({ code: "custom", path: ["files", index, "target"], message });
  }
}

function repositoryRules(profile: unknown, context: Context): void {
  if (!isTable(profile)) return;
  const { repo, schedule, repo_token_source: token } = profile;
  if (schedule !== undefined && repo === undefined) {
    const message = "a profile with a schedule must set repo";
    context.addIssue({ code: "custom", path: ["schedule"], message });
  }
  if (token !== undefined && typeof repo === "string" && !/^https:\/\//i.test(repo)) {
    const message = "a token is sent over https:// only, and this profile's repo is not https://";
    context.addIssue({ code: "custom", path: ["repo_token_source"], message });
  }
}
