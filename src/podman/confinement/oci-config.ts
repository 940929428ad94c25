/**
 * What the OCI runtime was given for a container: evidence for what inspect does not show.
 */
import * as z from "zod";
import type { IdRange } from "../containers/container-spec.ts";
import { REFUSED_CALLS } from "./seccomp-profile.ts";

const idMaps = z
  .array(z.object({ containerID: z.int(), hostID: z.int(), size: z.int() }))
  .nullish()
  .transform((list) => list ?? []);

const ociConfig = z.object({
  linux: z.object({
    uidMappings: idMaps,
    gidMappings: idMaps,
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

/** How the mapping of ids differs from what was asked, each as a phrase; empty when it is the same. */
export function idWeaknesses(
  { linux: { uidMappings, gidMappings } }: OciConfig,
  asked: { readonly UIDMap: readonly IdRange[]; readonly GIDMap: readonly IdRange[] },
): string[] {
  const users = sameRanges(uidMappings, asked.UIDMap) ? [] : ["its user ids are mapped differently"];
  const groups = sameRanges(gidMappings, asked.GIDMap) ? [] : ["its group ids are mapped differently"];
  return [...users, ...groups];
}

function sameRanges(maps: OciConfig["linux"]["uidMappings"], asked: readonly IdRange[]): boolean {
  const ranges = maps.map(({ containerID, hostID, size }) => [containerID, hostID, size]);
  const expected = asked.map((range) => [range.container_id, range.host_id, range.size]);
  return JSON.stringify(ranges) === JSON.stringify(expected);
}

/** How the filter of system calls is weaker than sessions need, each as a phrase; empty when it is as needed. */
export function seccompWeaknesses({
  linux: { seccomp },
}: {
  readonly linux: Pick<OciConfig["linux"], "seccomp">;
}): string[] {
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
