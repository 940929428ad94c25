/**
 * What the OCI runtime was given for a container: evidence for what inspect does not show.
 */
import * as z from "zod";
import { REFUSED_CALLS } from "./seccomp-profile.ts";

const ociConfig = z.object({
  linux: z.object({
    seccomp: z
      .object({
        defaultAction: z.string(),
        syscalls: z.array(z.object({ names: z.array(z.string()), action: z.string() })).nullish(),
      })
      .nullish(),
  }),
});

/** The parts of a container's `config.json` that are read. */
export type OciConfig = z.output<typeof ociConfig>;

/** @param text of a container's `config.json`, which exists from the container's start on. */
export function parseOciConfig(text: string): OciConfig {
  return ociConfig.parse(JSON.parse(text));
}

/** How the filter of system calls is weaker than sessions need, each as a phrase; empty when it is as needed. */
export function seccompWeaknesses({ linux: { seccomp } }: OciConfig): string[] {
  if (seccomp === null || seccomp === undefined) return ["it has no seccomp profile"];
  const { defaultAction, syscalls } = seccomp;
  const allowed = REFUSED_CALLS.filter((call) => {
    const rules = (syscalls ?? []).filter(({ names }) => names.includes(call));
    const actions = rules.length === 0 ? [defaultAction] : rules.map(({ action }) => action);
    return !actions.every(refuses);
  });
  return allowed.length === 0 ? [] : [`its seccomp profile allows ${allowed.join(", ")}`];
}

/** `SCMP_ACT_KILL`, `SCMP_ACT_KILL_THREAD` and `SCMP_ACT_KILL_PROCESS` end the caller. */
function refuses(action: string): boolean {
  return action === "SCMP_ACT_ERRNO" || action === "SCMP_ACT_TRAP" || action.startsWith("SCMP_ACT_KILL");
}
