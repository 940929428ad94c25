/** Podman on this host: asked once, for every check that depends on its answer. */
import { statfs } from "node:fs/promises";
import { homeDirectory, type Host } from "../../config/paths.ts";
import { type Finding, ok, warning } from "../../finding.ts";
import { oneAtATime } from "../../one-at-a-time.ts";
import type { EngineParts, EngineReport } from "../../podman/host/engine-report.ts";
import type { FoundRuntime } from "../../podman/host/oci-runtimes.ts";
import type { ImageStanding } from "../../podman/images/stored-images.ts";
import type { Profile } from "../../profile/profile.ts";
import type { Check } from "./check.ts";
import type { Ground } from "./ground.ts";
import { processesFinding } from "./shared-limits.ts";
import { selinuxMode } from "./system-checks.ts";

/** Podman's answers. Each question is asked once. */
export interface EngineLook {
  readonly report: () => Promise<EngineReport>;
  /** Undefined where Podman does not answer. */
  readonly storage: () => Promise<EngineParts["storage"] | undefined>;
  readonly image: (reference: string) => Promise<ImageStanding>;
  /** See `preparedImages`. */
  readonly prepared: () => Promise<ReadonlySet<string> | undefined>;
  readonly runtime: (name: string) => Promise<FoundRuntime>;
}

/** Covers the question's own limit, and one image after the other. */
export const ENGINE_LIMIT_MS = 180_000;

/** Asks Podman and returns before the answer. @param socket see `podmanProgram`. */
export async function startEngineLook(host: Host, socket: string | undefined): Promise<EngineLook> {
  const [{ askEngine, podmanProgram }, { findStoredImage, preparedImages }] = await Promise.all([
    import("../../podman/host/engine-report.ts"),
    import("../../podman/images/stored-images.ts"),
  ]);
  const podman = podmanProgram(host.env, socket);
  const report = askEngine(podman);
  const inTurn = oneAtATime();
  const images = new Map<string, Promise<ImageStanding>>();
  const prepared = report.then(async (answer) =>
    answer.kind === "answers"
      ? await preparedImages(answer.parts.storage.directory, answer.features)
      : undefined,
  );
  return {
    report: () => report,
    storage: async () => {
      const answer = await report;
      return answer.kind === "answers" ? answer.parts.storage : undefined;
    },
    image: (reference) => {
      const known = images.get(reference) ?? inTurn(() => findStoredImage(podman, reference));
      images.set(reference, known);
      return known;
    },
    prepared: () => prepared,
    runtime: async (name) =>
      await (
        await import("../../podman/host/oci-runtimes.ts")
      ).findRuntime(podmanProgram(host.env, undefined), name),
  };
}

export interface EngineNeeds {
  readonly ground: Ground;
  readonly needsNetwork: boolean;
  readonly profiles: readonly Profile[];
  /** Undefined without a configuration. */
  readonly maxSessions: number | undefined;
}

export function engineChecks(engine: EngineLook, needs: EngineNeeds): Check[] {
  const { ground, needsNetwork, profiles } = needs;
  const check = (name: string, look: Check["look"]): Check => ({
    ...{ name, look },
    group: "podman",
    limitMs: ENGINE_LIMIT_MS,
  });
  return [
    check("podman", async () => {
      const [{ engineFindings }, surroundings] = await Promise.all([
        import("../../podman/host/engine-findings.ts"),
        lookAround(engine, ground),
      ]);
      return engineFindings(await engine.report(), { ...surroundings, needsNetwork });
    }),
    check("seccomp_profile", () => seccompFinding(engine)),
    check("processes", () => sharedProcesses(engine, needs)),
    check("selinux_labels", () => labellingFinding(engine)),
    check("runtimes", () => findRuntimes(engine, profiles)),
    check("trust_policy", () => trustFinding(profiles, ground)),
  ];
}

/** File systems of a server: NFS, CIFS, SMB2, and 9P. */
const REMOTE = [0x6969, 0xff534d42, 0xfe534d42, 0x01021997];

async function isRemote({ directory }: EngineParts["storage"]): Promise<boolean> {
  return REMOTE.includes((await statfs(directory)).type);
}

async function lookAround(engine: EngineLook, { host, user, install }: Ground) {
  const [{ cgroupMode }, { findInit }, { knownFault }, { SESSION_UID }, { grantIdsCommand }, nextPodman] =
    await Promise.all([
      import("../../podman/host/cgroup-mode.ts"),
      import("../../podman/host/helper-programs.ts"),
      import("../../podman/host/runtime-cves.ts"),
      import("../../podman/host/host-features.ts"),
      import("../../podman/host/subordinate-ids.ts"),
      import("../../podman/host/next-podman.ts"),
    ]);
  const answer = await engine.report();
  const runtime = answer.kind === "answers" ? answer.parts.runtime : undefined;
  const name = answer.kind === "answers" ? answer.features.ociRuntime : "";
  const storage = await engine.storage();
  return {
    cgroups: await cgroupMode(),
    storageIsRemote: storage !== undefined && (await isRemote(storage)),
    initPath: await findInit(host.env, homeDirectory(host)),
    runtimeFault: runtime?.version === undefined ? undefined : await knownFault(name, runtime.version),
    boltDatabase: storage !== undefined && (await nextPodman.hasBoltDatabase(storage)),
    removedSettings: await nextPodman.removedSettings(host.env, homeDirectory(host)),
    grantIds: await grantIdsCommand(user, SESSION_UID),
    install,
  };
}

/** An unusable file makes the start of a daemon fail. */
async function seccompFinding(engine: EngineLook): Promise<Finding | undefined> {
  const [{ readSessionProfile }, answer] = await Promise.all([
    import("../../podman/confinement/seccomp-profile.ts"),
    engine.report(),
  ]);
  if (answer.kind !== "answers") return undefined;
  const { seccompProfile } = answer.features;
  await readSessionProfile(seccompProfile);
  return ok(
    `sessions have ${seccompProfile ?? "agentd's own profile"}, minus the system calls that are always blocked`,
  );
}

/** No finding without a configuration, or if processes cannot be limited, which another finding reports. */
async function sharedProcesses(
  engine: EngineLook,
  { profiles, maxSessions }: EngineNeeds,
): Promise<Finding | undefined> {
  const [{ mostProcesses }, answer] = await Promise.all([
    import("../../podman/confinement/process-limit.ts"),
    engine.report(),
  ]);
  if (maxSessions === undefined || answer.kind !== "answers" || !answer.features.enforceable.pids) {
    return undefined;
  }
  const pids = Math.max(0, ...profiles.map((profile) => profile.pids));
  return processesFinding({ maxSessions, pids }, await mostProcesses());
}

/** No finding if SELinux is off. */
async function labellingFinding(engine: EngineLook): Promise<Finding | undefined> {
  const [mode, answer] = await Promise.all([selinuxMode(), engine.report()]);
  if (mode === "off" || answer.kind !== "answers") return undefined;
  if (answer.features.selinux) return ok("Podman confines containers with SELinux");
  return warning(
    `SELinux is ${mode}, but Podman does not confine containers with it`,
    "remove label = false below [containers] in ~/.config/containers/containers.conf and /etc/containers/containers.conf",
  );
}

/** Asks Podman for each of the runtimes that a profile may name. */
async function findRuntimes(engine: EngineLook, profiles: readonly Profile[]): Promise<Finding | undefined> {
  const answer = await engine.report();
  if (answer.kind !== "answers") return undefined;
  const [{ RUNTIMES, UNLABELLED_RUNTIME }, { runtimesFinding }] = await Promise.all([
    import("../../profile/rules/runtimes.ts"),
    import("./runtimes-finding.ts"),
  ]);
  const looks = await Promise.all(
    RUNTIMES.map(async (name) => ({ name, isFound: (await engine.runtime(name)).kind === "found" })),
  );
  return runtimesFinding(looks, profiles, answer.features.selinux ? UNLABELLED_RUNTIME : undefined);
}

/** No finding if no image comes from a registry. */
async function trustFinding(
  profiles: readonly Profile[],
  { host, install }: Ground,
): Promise<Finding | undefined> {
  const pulls = profiles.some(
    ({ pull, baseImage }) => pull !== "never" && !baseImage.startsWith("localhost/"),
  );
  if (!pulls) return undefined;
  const { findTrustPolicy, trustPolicyFiles } = await import("../../podman/host/trust-policy.ts");
  const files = trustPolicyFiles(homeDirectory(host));
  const found = await findTrustPolicy(files);
  if (found !== undefined) return ok(found);
  return warning(
    `neither ${files.join(" nor ")} exists; Podman cannot pull images without one`,
    install("golang-github-containers-common", "containers-common"),
  );
}
