/**
 * Whether a created container is as confined as was asked: an old service ignores fields that it does not know, and
 * containers.conf may add to them.
 */
import { type EngineHost, type LimitName, SESSION_UID } from "../host/host-features.ts";
import type { InspectReply } from "../service/replies.ts";
import {
  type ContainerRequest,
  type Containment,
  CPU_PERIOD_US,
  DEFAULT_PIDS,
  idMappings,
  type IdRange,
  processLimit,
} from "./container-spec.ts";
import { weakSurroundings } from "./container-surroundings.ts";

/** How the container is weaker than the request, each as a phrase; empty when it is as asked. */
export function weaknesses(
  container: InspectReply,
  request: ContainerRequest,
  host: EngineHost,
  containment: Containment,
): string[] {
  return [
    ...weakPrivileges(container),
    ...weakSurroundings(container, request.surroundings),
    // Of the others inspect does not show them: see `ContainerVerifier.verifyIds`.
    ...(request.rootDirectory === undefined ? weakIdMapping(container, host) : []),
    ...weakNamespaces(container, request),
    ...request.binds.flatMap((bind) => weakBind(container, bind)),
    ...weakLimits(container, request, host),
    ...weakProcessLimit(container, processLimit(request.limits, host, containment)),
  ];
}

function weakPrivileges({ HostConfig, Config }: InspectReply): string[] {
  const options = HostConfig.SecurityOpt;
  return phrases([
    [HostConfig.Privileged, "it is privileged"],
    [!options.some((option) => option.startsWith("no-new-privileges")), "it may gain privileges"],
    [options.includes("seccomp=unconfined"), "it has no seccomp profile"],
    [options.includes("label=disable"), "it has no SELinux label"],
    [Config.User !== `${SESSION_UID}:${SESSION_UID}`, `it runs as user ${Config.User || "root"}`],
  ]);
}

function weakIdMapping({ HostConfig }: InspectReply, host: EngineHost): string[] {
  const asked = idMappings(host);
  const mapped = HostConfig.IDMappings;
  return phrases([
    [!sameMapping(mapped?.UidMap, asked.UIDMap), "its user ids are mapped differently"],
    [!sameMapping(mapped?.GidMap, asked.GIDMap), "its group ids are mapped differently"],
  ]);
}

function sameMapping(shown: readonly string[] | undefined, asked: readonly IdRange[]): boolean {
  const expected = asked.map((range) => `${range.container_id}:${range.host_id}:${range.size}`);
  return JSON.stringify(shown) === JSON.stringify(expected);
}

function weakNamespaces({ HostConfig }: InspectReply, request: ContainerRequest): string[] {
  const network = HostConfig.NetworkMode;
  const asAsked =
    request.network === "private" ? /^(pasta|slirp4netns)/.test(network) : network === request.network;
  return phrases([
    [!asAsked, `its network is ${network} instead of ${request.network}`],
    [HostConfig.PidMode === "host", "it sees the host's processes"],
    [HostConfig.IpcMode === "host", "it shares the host's IPC"],
    [HostConfig.UTSMode === "host", "it shares the host's name"],
  ]);
}

function weakBind({ Mounts }: InspectReply, bind: ContainerRequest["binds"][number]): string[] {
  const mounted = Mounts.find((candidate) => candidate.Destination === bind.target);
  if (mounted?.Source !== bind.source) return [`${bind.target} is not ${bind.source}`];
  return phrases([
    [bind.readOnly && mounted.RW, `${bind.target} is writable`],
    [!mounted.Options.includes("nosuid"), `${bind.target} allows setuid`],
    [!mounted.Options.includes("nodev"), `${bind.target} allows devices`],
  ]);
}

function weakLimits({ HostConfig }: InspectReply, { limits }: ContainerRequest, host: EngineHost): string[] {
  const cpuQuota = limits.cpus === undefined ? undefined : Math.round(limits.cpus * CPU_PERIOD_US);
  const compared: [LimitName, number, number | undefined][] = [
    ["pids", HostConfig.PidsLimit, limits.pids ?? DEFAULT_PIDS],
    ["memory", HostConfig.Memory, limits.memoryBytes],
    ["cpus", HostConfig.CpuQuota, cpuQuota],
  ];
  return compared
    .filter(([name, , asked]) => asked !== undefined && host.controlGroups[name])
    .filter(([, shown, asked = 0]) => shown <= 0 || shown > asked)
    .map(([name, shown, asked]) => `its limit of ${name} is ${shown} instead of ${asked}`);
}

function weakProcessLimit({ HostConfig }: InspectReply, asked: number | undefined): string[] {
  if (asked === undefined) return [];
  const shown = HostConfig.Ulimits.find(({ Name }) => Name === "RLIMIT_NPROC")?.Hard;
  const isWeak = shown === undefined || shown < 0 || shown > asked;
  return phrases([[isWeak, `its limit of processes is ${shown ?? "missing"} instead of ${asked}`]]);
}

function phrases(findings: readonly (readonly [boolean, string])[]): string[] {
  return findings.filter(([found]) => found).map(([, phrase]) => phrase);
}
