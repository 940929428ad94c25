/** One `[[profiles]]` of the configuration as it is written, with the rules across its keys. */
import * as z from "zod";
import { PROFILE_KEYS, type ProfileKeys } from "./keys.ts";
import { defaultNetwork } from "./rules/default-network.ts";
import { always, type Context, isTable, textsOf } from "./rules/field-rules.ts";
import { fileTargetFaults } from "./rules/file-targets.ts";
import { weakenings } from "./rules/hardening.ts";
import { targetFaults } from "./rules/mount-targets.ts";
import { publishFaults } from "./rules/publishing.ts";
import { requestFitsFault, scheduleFaults } from "./rules/schedules.ts";
import { timeZoneFault } from "./rules/time-zone.ts";
import { absoluteTargets, volumeTargetFaults } from "./rules/volumes.ts";

type WrittenShape = { [K in keyof ProfileKeys]: ProfileKeys[K]["written"] };

const shape = Object.fromEntries(
  Object.entries(PROFILE_KEYS).map(([key, { written }]) => [key, written]),
) as unknown as WrittenShape;

export const profileDocumentSchema = z
  .strictObject(shape)
  .superRefine(noNameIsBoth, always)
  .superRefine(mountTargetRules, always)
  .superRefine(volumeTargetRules, always)
  .superRefine(fileTargetRules, always)
  .superRefine(repositoryRules, always)
  .superRefine(scheduleRules, always)
  .superRefine(workspaceRules, always)
  .superRefine(allowRule, always)
  .superRefine(llmRule, always)
  .superRefine(runtimeRule, always)
  .superRefine(publishRules, always)
  .superRefine(hardeningRules, always)
  .superRefine(agentRules, always)
  .superRefine(requestFitsCommand, always);

/** A profile as it is written: snake_case, durations and sizes as texts, with defaults. */
export type ProfileDocument = z.output<typeof profileDocumentSchema>;

/** Checked for all profiles at once: Intl is slow for a zone, and many profiles name the same few. */
export function zonesAreKnown(profiles: unknown, context: Context): void {
  const faults = new Map<string, string | undefined>();
  const look = (tables: unknown, around: readonly (string | number)[]): void => {
    for (const [index, zone] of textsOf(tables, "timezone").entries()) {
      if (zone === undefined) continue;
      if (!faults.has(zone)) faults.set(zone, timeZoneFault(zone));
      const message = faults.get(zone);
      const path = [...around, index, "timezone"];
      if (message !== undefined) context.addIssue({ code: "custom", path, message });
    }
  };
  look(profiles, []);
  if (!Array.isArray(profiles)) return;
  for (const [index, profile] of profiles.entries()) {
    if (isTable(profile)) look(profile["schedules"], [index, "schedules"]);
  }
}

function scheduleRules(profile: unknown, context: Context): void {
  if (!isTable(profile)) return;
  for (const { path, message } of scheduleFaults(profile)) {
    context.addIssue({ code: "custom", path: [...path], message });
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

function allowRule(profile: unknown, context: Context): void {
  if (!isTable(profile) || profile["allow"] === undefined) return;
  // One that is none at all has a problem of its own.
  const network = profile["network"] ?? defaultNetwork(profile);
  if (typeof network !== "string" || !["private", "none", "host"].includes(network)) return;
  const message = 'is only for network = "allowlist"';
  context.addIssue({ code: "custom", path: ["allow"], message });
}

/** The gateway is at the loopback address of the container's own network. */
function llmRule(profile: unknown, context: Context): void {
  if (!isTable(profile) || profile["llm"] === undefined) return;
  const { network } = profile;
  if (network !== "host" && network !== "none") return;
  const message = `needs network = "allowlist" or "private", and not ${JSON.stringify(network)}`;
  context.addIssue({ code: "custom", path: ["llm"], message });
}

/** The gateway listens in the container's network namespace, which these runtimes do not give to what runs in them. */
function runtimeRule(profile: unknown, context: Context): void {
  if (!isTable(profile)) return;
  const { runtime, network = defaultNetwork(profile), llm } = profile;
  if ((runtime !== "krun" && runtime !== "runsc") || (network !== "allowlist" && llm === undefined)) return;
  const message = `${JSON.stringify(runtime)} works neither with network = "allowlist" nor with llm`;
  context.addIssue({ code: "custom", path: ["runtime"], message });
}

function publishRules(profile: unknown, context: Context): void {
  if (!isTable(profile)) return;
  for (const { path, message } of publishFaults(profile)) {
    context.addIssue({ code: "custom", path: [...path], message });
  }
}

/** What weakens the container has an exception, but for keys that are older than exceptions. */
function hardeningRules(profile: unknown, context: Context): void {
  if (!isTable(profile)) return;
  const written: unknown[] = Array.isArray(profile["exceptions"]) ? profile["exceptions"] : [];
  const exceptions = textsOf(written, "allow").flatMap((allow) =>
    allow === undefined ? [] : [{ allow, reason: "" }],
  );
  for (const { rule, exception } of weakenings(profile, exceptions)) {
    if (exception !== undefined || rule.without === "warning") continue;
    const message = `${rule.code} ${rule.name}: ${rule.title}; this needs an entry in exceptions with allow = "${rule.code}" and a reason, see \`agentd config check --explain ${rule.code}\``;
    context.addIssue({ code: "custom", path: [rule.key], message });
  }
}

/** Only the definition of an agent says where these go. */
function agentRules(profile: unknown, context: Context): void {
  if (!isTable(profile) || profile["agent"] !== undefined) return;
  for (const key of ["skills", "mcp_servers"]) {
    const value = profile[key];
    if (value === undefined || (Array.isArray(value) && value.length === 0)) continue;
    const message = "needs agent, whose definition says where it goes; without one, use files";
    context.addIssue({ code: "custom", path: [key], message });
  }
}

function mountTargetRules(profile: unknown, context: Context): void {
  if (!isTable(profile)) return;
  const name = typeof profile["name"] === "string" ? profile["name"] : undefined;
  for (const { index, message } of targetFaults(textsOf(profile["mounts"], "target"), name)) {
    context.addIssue({ code: "custom", path: ["mounts", index, "target"], message });
  }
}

/** Every run with the profile's request would be refused. */
function requestFitsCommand(profile: unknown, context: Context): void {
  if (!isTable(profile)) return;
  const message = requestFitsFault(profile["command"], profile["request"]);
  if (message !== undefined) context.addIssue({ code: "custom", path: ["request"], message });
}

function volumeTargetRules(profile: unknown, context: Context): void {
  if (!isTable(profile)) return;
  const name = typeof profile["name"] === "string" ? profile["name"] : undefined;
  const [volumes, mounts] = ["volumes", "mounts"].map((key) => textsOf(profile[key], "target"));
  for (const { index, message } of volumeTargetFaults(volumes ?? [], mounts ?? [], name)) {
    context.addIssue({ code: "custom", path: ["volumes", index, "target"], message });
  }
}

function fileTargetRules(profile: unknown, context: Context): void {
  if (!isTable(profile)) return;
  const name = typeof profile["name"] === "string" ? profile["name"] : undefined;
  const targets = textsOf(profile["files"], "target");
  const volumes = absoluteTargets(textsOf(profile["volumes"], "target"), name);
  const mounts = [...textsOf(profile["mounts"], "target"), ...volumes];
  for (const { index, message } of fileTargetFaults(targets, mounts, name)) {
    context.addIssue({ code: "custom", path: ["files", index, "target"], message });
  }
}

function repositoryRules(profile: unknown, context: Context): void {
  if (!isTable(profile)) return;
  const { repo, repo_token_source: token } = profile;
  if (token !== undefined && typeof repo === "string" && !/^https:\/\//i.test(repo)) {
    const message = "a token is sent over https:// only, and this profile's repo is not https://";
    context.addIssue({ code: "custom", path: ["repo_token_source"], message });
  }
}

function workspaceRules(profile: unknown, context: Context): void {
  if (!isTable(profile)) return;
  const { workspace = "clone" } = profile;
  const onlyFor = (kind: string, keys: readonly string[]): void => {
    if (workspace === kind) return;
    for (const key of keys) {
      const value = profile[key];
      if (value === undefined || (Array.isArray(value) && value.length === 0)) continue;
      const message = `is only for workspace = ${JSON.stringify(kind)}`;
      context.addIssue({ code: "custom", path: [key], message });
    }
  };
  onlyFor("clone", ["repo", "ref", "repo_token_source"]);
  onlyFor("directory", ["directory", "ignore", "directory_limit"]);
  if (workspace !== "directory" || profile["directory"] !== undefined) return;
  const message = "needs directory, the directory of the host to copy";
  context.addIssue({ code: "custom", path: ["workspace"], message });
}
