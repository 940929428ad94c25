import type { ContainerRequest } from "../podman/container-spec.ts";
import type { Mount } from "../profile/profile.ts";
import type { Profile } from "../profile/profile.ts";
import type { Gate, OpenRecord, Staging } from "./ports.ts";

/** Label that says which agentd instance a container belongs to. */
export const INSTANCE_LABEL = "io.agentd.instance";
/** Label with the id of the session that a container runs. */
export const SESSION_LABEL = "io.agentd.session";
const PROFILE_LABEL = "io.agentd.profile";

/** Where the gate's directory is mounted. */
export const GATE_TARGET = "/agentd/gate";

const METHODOLOGY_TARGET = "/agentd/methodology";

/** The home of a profile's user inside its containers. */
export function homeOf(profile: Pick<Profile, "name">): string {
  return `/home/${profile.name}`;
}

/** Everything that decides what a session's container looks like. */
export interface ContainerParts {
  readonly instance: string;
  readonly profile: Profile;
  readonly record: Pick<OpenRecord, "id" | "document" | "runaDirectory" | "consoleLogPath">;
  readonly staging: Staging;
  readonly gate: Pick<Gate, "directory">;
  /** What the profile declares, with its sources resolved. */
  readonly declared: { readonly methodology: string | undefined; readonly mounts: readonly Mount[] };
  readonly image: { readonly id: string; readonly bringsHome: boolean };
  readonly argv: ContainerRequest["argv"];
  /** Undefined means without a deadline. In milliseconds, counted by conmon from the container's start. */
  readonly backstopMs: number | undefined;
}

/** The name of a session's container. */
export function containerName(instance: string, sessionId: string): string {
  return `agentd-${instance}-${sessionId}`;
}

/** The container of one session, in the words of the engine room. */
export function containerRequest(parts: ContainerParts): ContainerRequest {
  const { instance, profile, record, staging, gate, image, declared } = parts;
  const home = homeOf(profile);
  const repo = `${home}/repo`;
  const own = { readOnly: false, relabel: "private" } as const;
  const homeBind = image.bringsHome ? [] : [{ source: staging.homeDirectory, target: home, ...own }];
  return {
    name: containerName(instance, record.id),
    image: image.id,
    user: profile.name,
    home,
    homeFromImage: image.bringsHome,
    workingDirectory: repo,
    argv: parts.argv,
    ...environment(profile, record.id, record.document.work_unit, home),
    binds: [
      ...homeBind,
      { source: staging.repoDirectory, target: repo, ...own },
      { source: record.runaDirectory, target: `${repo}/.runa`, ...own },
      { source: gate.directory, target: GATE_TARGET, readOnly: true, relabel: "private" },
      ...methodologyBind(declared.methodology),
      ...declared.mounts,
    ],
    network: profile.network,
    logPath: record.consoleLogPath,
    labels: { [INSTANCE_LABEL]: instance, [SESSION_LABEL]: record.id, [PROFILE_LABEL]: profile.name },
    limits: { memoryBytes: profile.memoryBytes, cpus: profile.cpus, pids: profile.pids },
    timeoutSeconds: parts.backstopMs === undefined ? undefined : Math.ceil(parts.backstopMs / 1000),
  };
}

/** Shared, because any number of sessions read the same methodology. */
function methodologyBind(source: string | undefined): Mount[] {
  return source === undefined
    ? []
    : [{ source, target: METHODOLOGY_TARGET, readOnly: true, relabel: "shared" }];
}

function environment(
  profile: Profile,
  sessionId: string,
  workUnit: string | null,
  home: string,
): Pick<ContainerRequest, "env" | "unsetEnv"> {
  const env = {
    ...profile.env,
    HOME: home,
    AGENTD_PROFILE: profile.name,
    AGENTD_SESSION_ID: sessionId,
    AGENT_NAME: profile.name,
  };
  return workUnit === null
    ? { env, unsetEnv: ["AGENTD_WORK_UNIT"] }
    : { env: { ...env, AGENTD_WORK_UNIT: workUnit }, unsetEnv: [] };
}
