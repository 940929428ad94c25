import type { ContainerRequest } from "../podman/containers/container-spec.ts";
import type { Surroundings } from "../podman/containers/container-surroundings.ts";
import type { RequestOnKept } from "../podman/containers/kept-containers.ts";
import type { Mount } from "../profile/profile.ts";
import type { Profile } from "../profile/profile.ts";
import type { Job } from "../sessions/port/executor.ts";
import type { KeptJob } from "../sessions/port/kept-job.ts";
import type { KeptDirectories } from "./kept-ports.ts";
import type { Gate, Staging } from "./ports.ts";

/** Label that says which agentd instance a container belongs to. */
export const INSTANCE_LABEL = "io.agentd.instance";
/** Label with the id of the session that a container runs. */
export const SESSION_LABEL = "io.agentd.session";
export const PROFILE_LABEL = "io.agentd.profile";
/** Label of a container that was made before there was a session for it, with a number of its own. It keeps it for life. */
export const WARM_LABEL = "io.agentd.warm";
/** Label with the id of the kept session that a container was made from to look into it. */
export const ENTERED_LABEL = "io.agentd.entered";

/** Where the gate's directory is mounted. */
export const GATE_TARGET = "/agentd/gate";

/** Where the files that the operator gave to the session are mounted. */
export const INPUT_TARGET = "/agentd/input";

/** Variables that a session may have or not. An image may bring each of them, so the container clears them. */
export const VARIABLES_OF_RUN = ["AGENTD_WORK_UNIT", "AGENTD_REQUEST", "AGENTD_REQUEST_FILE"] as const;

const METHODOLOGY_TARGET = "/agentd/methodology";

/** The home of a profile's user inside its containers. */
export function homeOf(profile: Pick<Profile, "name">): string {
  return `/home/${profile.name}`;
}

/** All that determines a session's container. */
export interface ContainerParts {
  readonly instance: string;
  readonly job: Pick<Job, "sessionId" | "profile" | "longestMs" | "runaDirectory" | "consoleLogPath">;
  readonly staging: Staging;
  readonly gate: Pick<Gate, "directory">;
  /** The copy of the session's input on this host; undefined when it has none. */
  readonly input: string | undefined;
  /** What the profile declares, with its sources resolved. */
  readonly declared: { readonly methodology: string | undefined; readonly mounts: readonly Mount[] };
  /** Variables for a session with an allowlist. */
  readonly networkEnvironment: Readonly<Record<string, string>>;
  readonly image: { readonly id: string; readonly bringsHome: boolean };
  readonly argv: ContainerRequest["argv"];
}

/** The name of a session's container. */
export function containerName(instance: string, sessionId: string): string {
  return `agentd-${instance}-${sessionId}`;
}

/** The session whose container has that name; undefined where it is no session's. */
export function sessionOfName(instance: string, name: string): string | undefined {
  const prefix = containerName(instance, "");
  const id = name.startsWith(prefix) ? name.slice(prefix.length) : "";
  return /^[0-9a-f]{16}$/.test(id) ? id : undefined;
}

/** The container of one session, in the words of the engine room. */
export function containerRequest(parts: ContainerParts): ContainerRequest {
  const { instance, job, staging, gate, image, declared } = parts;
  const { sessionId, profile, longestMs } = job;
  const home = homeOf(profile);
  return {
    name: containerName(instance, sessionId),
    image: image.id,
    user: profile.name,
    home,
    homeFromImage: image.bringsHome,
    workingDirectory: `${home}/repo`,
    argv: parts.argv,
    ...environment(parts, home),
    binds: [
      ...workspaceBinds(home, {
        ...{ repoDirectory: staging.repoDirectory, runaDirectory: job.runaDirectory },
        homeDirectory: image.bringsHome ? undefined : staging.homeDirectory,
      }),
      { source: gate.directory, target: GATE_TARGET, readOnly: true, relabel: "private" },
      ...inputBind(parts.input),
      ...methodologyBind(declared.methodology),
      ...declared.mounts,
    ],
    // Of a session that is kept it stays for hours or days.
    isDurable: profile.keep !== "never",
    logPath: job.consoleLogPath,
    labels: { [INSTANCE_LABEL]: instance, [SESSION_LABEL]: sessionId, [PROFILE_LABEL]: profile.name },
    ...confinement(profile),
    timeoutSeconds: longestMs === undefined ? undefined : Math.ceil(longestMs / 1000),
  };
}

/** What is needed to look into a kept session, besides what its container has. */
export interface EnteredParts {
  readonly instance: string;
  /** Differs between all that are there. */
  readonly number: string;
  readonly kept: KeptJob;
  readonly directories: KeptDirectories;
  /** The variables of its run. */
  readonly env: ContainerRequest["env"];
  /** The volume with its home; undefined: the home is a directory. */
  readonly homeVolume: string | undefined;
  readonly declared: ContainerParts["declared"];
}

/** The container in which an operator looks into a kept session: no gate, and no log. */
export function enteredRequest(parts: EnteredParts): RequestOnKept {
  const { instance, number, kept, env, directories, homeVolume, declared } = parts;
  const { sessionId, profile, hasInput } = kept;
  const home = homeOf(profile);
  return {
    name: `${containerName(instance, sessionId)}-entered-${number}`,
    user: profile.name,
    home,
    homeFromImage: false,
    homeVolume,
    env,
    workingDirectory: `${home}/repo`,
    binds: [
      ...workspaceBinds(home, {
        ...directories,
        homeDirectory: homeVolume === undefined ? directories.homeDirectory : undefined,
      }),
      ...inputBind(hasInput ? directories.inputDirectory : undefined),
      ...methodologyBind(declared.methodology),
      ...declared.mounts,
    ],
    logPath: undefined,
    labels: { [INSTANCE_LABEL]: instance, [ENTERED_LABEL]: sessionId, [PROFILE_LABEL]: profile.name },
    ...confinement(profile),
  };
}

/** Network, limits and rights, the same whoever looks in. */
function confinement(
  profile: Profile,
): Pick<ContainerRequest, "network" | "limits" | "surroundings" | "runtime"> {
  return {
    // What the allowlist opens, agentd opens from outside.
    network: profile.network === "allowlist" ? "none" : profile.network,
    limits: { memoryBytes: profile.memoryBytes, cpus: profile.cpus, pids: profile.pids },
    surroundings: surroundingsOf(profile),
    runtime: profile.runtime,
  };
}

/** @param directories of the host; without one for the home, a volume is mounted there. */
function workspaceBinds(
  home: string,
  directories: {
    readonly homeDirectory: string | undefined;
    readonly repoDirectory: string;
    readonly runaDirectory: string;
  },
): Mount[] {
  const { homeDirectory, repoDirectory, runaDirectory } = directories;
  const repo = `${home}/repo`;
  const own = { readOnly: false, relabel: "private" } as const;
  return [
    ...(homeDirectory === undefined ? [] : [{ source: homeDirectory, target: home, ...own }]),
    { source: repoDirectory, target: repo, ...own },
    { source: runaDirectory, target: `${repo}/.runa`, ...own },
  ];
}

function surroundingsOf(profile: Profile): Surroundings {
  const { readOnlyRoot, tmpBytes, shmBytes, ulimits, devices, capAdd, seccompProfile } = profile;
  return { readOnlyRoot, tmpBytes, shmBytes, ulimits, devices, capAdd, seccompProfile };
}

/** Shared, because any number of sessions read the same methodology. */
function methodologyBind(source: string | undefined): Mount[] {
  return source === undefined
    ? []
    : [{ source, target: METHODOLOGY_TARGET, readOnly: true, relabel: "shared" }];
}

function inputBind(source: string | undefined): Mount[] {
  return source === undefined ? [] : [{ source, target: INPUT_TARGET, readOnly: true, relabel: "private" }];
}

/** What all sessions of the profile have; the rest comes through the gate. */
function environment(
  { job: { profile }, networkEnvironment }: Pick<ContainerParts, "job" | "networkEnvironment">,
  home: string,
): Pick<ContainerRequest, "env" | "unsetEnv"> {
  const env = {
    // The profile may replace each.
    ...(profile.network === "allowlist" ? networkEnvironment : {}),
    ...profile.env,
    HOME: home,
    AGENTD_PROFILE: profile.name,
    AGENT_NAME: profile.name,
  };
  return { env, unsetEnv: VARIABLES_OF_RUN };
}
