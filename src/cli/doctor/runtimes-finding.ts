/** Which of the runtimes that a profile may name work here. */
import { failure, type Finding, ok } from "../../finding.ts";
import type { Profile } from "../../profile/profile.ts";
import type { RUNTIMES } from "../../profile/rules/runtimes.ts";

/** Whether Podman finds a runtime. */
export interface RuntimeLook {
  readonly name: (typeof RUNTIMES)[number];
  readonly isFound: boolean;
}

/** @param refusesLabels the runtime that starts no container with a label of SELinux; undefined where Podman sets none. */
export function runtimesFinding(
  looks: readonly RuntimeLook[],
  profiles: readonly Pick<Profile, "name" | "runtime">[],
  refusesLabels: string | undefined,
): Finding {
  const summary = `Podman finds ${namesOf(looks, true)}, and not ${namesOf(looks, false)}`;
  const missing = profiles.find(({ runtime }) =>
    looks.some(({ name, isFound }) => name === runtime && !isFound),
  );
  if (missing !== undefined)
    return failure(
      `${summary}; profile ${missing.name} has runtime = "${missing.runtime}"`,
      `install ${missing.runtime}, or name its path below [engine.runtimes] in ~/.config/containers/containers.conf`,
    );
  const labelled = profiles.find(({ runtime }) => runtime !== undefined && runtime === refusesLabels);
  if (labelled === undefined) return ok(summary);
  return failure(
    `${summary}; profile ${labelled.name} has runtime = "${labelled.runtime}", which starts no container with a label of SELinux`,
    "use crun or runc, or see docs/hardening.md",
  );
}

function namesOf(looks: readonly RuntimeLook[], isWanted: boolean): string {
  const names = looks.filter(({ isFound }) => isFound === isWanted).map(({ name }) => name);
  return names.length === 0 ? "none" : names.join(", ");
}
