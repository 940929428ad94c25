/**
 * The seccomp profile of sessions: the engine's default profile without the calls that a session must not make.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { commitFile, stageFile } from "../../durable-files.ts";
import { AgentdError } from "../../errors.ts";
import { FALLBACK_SECCOMP_PROFILE } from "./fallback-seccomp-profile.ts";

/**
 * System calls that fail with EPERM in every session. The kernel's keyrings belong to the user of the host, whose uid a
 * session has. The others are refused because no agent needs them and faults of the kernel are often reached by them.
 */
export const REFUSED_CALLS = [
  "keyctl",
  "add_key",
  "request_key",
  "userfaultfd",
  "perf_event_open",
  "bpf",
  "io_uring_setup",
  "io_uring_enter",
  "io_uring_register",
] as const;

const EPERM = 1;

const rule = z.looseObject({ names: z.array(z.string()).nullish(), name: z.string().nullish() });
const profile = z.looseObject({ defaultAction: z.string(), syscalls: z.array(rule).nullish() });

/**
 * A profile without the refused calls.
 *
 * @param base a profile in the form that Podman reads: rules with `names`, or with one `name`.
 * @throws when it has another form.
 */
export function sessionProfile(base: unknown): Record<string, unknown> {
  const { syscalls, ...rest } = profile.parse(base);
  const isKept = (call: string): boolean => !(REFUSED_CALLS as readonly string[]).includes(call);
  const kept = (syscalls ?? []).flatMap(({ name, names, ...conditions }) => {
    const calls = [...(names ?? []), ...(name ? [name] : [])].filter(isKept);
    return calls.length === 0 ? [] : [{ names: calls, ...conditions }];
  });
  return {
    ...rest,
    syscalls: [...kept, { names: REFUSED_CALLS, action: "SCMP_ACT_ERRNO", errnoRet: EPERM }],
  };
}

/**
 * Writes the profile of sessions into a directory, and returns its path.
 *
 * @param enginePath file with the engine's default profile; undefined where it has none.
 * @param directory private to the user, as the Podman service that reads the file is.
 * @throws `engine_unsuitable` when the engine's profile cannot be read.
 */
export async function writeSessionProfile(
  enginePath: string | undefined,
  directory: string,
): Promise<string> {
  const path = join(directory, "seccomp.json");
  const written = JSON.stringify(await readSessionProfile(enginePath));
  await stageFile(path, written);
  await commitFile(path);
  return path;
}

/**
 * The profile of sessions, made from the engine's default profile.
 *
 * @throws `engine_unsuitable` when that cannot be read.
 */
export async function readSessionProfile(enginePath: string | undefined): Promise<Record<string, unknown>> {
  if (enginePath === undefined) return sessionProfile(FALLBACK_SECCOMP_PROFILE);
  try {
    return sessionProfile(JSON.parse(await readFile(enginePath, "utf8")));
  } catch (cause) {
    throw new AgentdError("engine_unsuitable", {
      tried: `read Podman's seccomp profile ${enginePath}`,
      why: cause instanceof Error ? cause.message : String(cause),
      next: "Reinstall the containers-common package, or fix seccomp_profile in containers.conf.",
      cause,
    });
  }
}
