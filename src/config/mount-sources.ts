/** What a session may mount of this host: nothing that gives control of it, and nothing that contains such a path. */
import { realpath } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, resolve } from "node:path";
import { AgentdError, systemCode } from "../errors.ts";
import { isWithin } from "../path-containment.ts";
import type { Mount } from "../profile/profile.ts";
import type { DaemonSettings } from "./config.ts";
import {
  cacheDirectory,
  dataHome,
  defaultAuditRoot,
  homeDirectory,
  type Host,
  stateDirectory,
} from "./paths.ts";

/** Something on this host that no session may get. */
export interface ProtectedPath {
  /** Absolute. */
  readonly path: string;
  /** What it is, for a message: `the home directory`. */
  readonly what: string;
  /** Whether its contents are protected too; otherwise only itself and what contains it. */
  readonly withContents: boolean;
}

/** Where the operator may have put things; undefined means the default. */
export interface ChosenPlaces extends Pick<DaemonSettings, "auditRoot" | "socketPath" | "podmanSocket"> {
  /** Where Podman keeps containers and images, as far as it was asked. */
  readonly storage?: readonly string[] | undefined;
}

/** In a runtime directory: a session that reaches one of these can start programs outside of the container. */
const RUNTIME_CONTROLS = {
  agentd: "agentd's runtime directory",
  bus: "the user's message bus",
  containers: "Podman's runtime directory",
  libpod: "Podman's runtime directory",
  podman: "Podman's runtime directory",
  systemd: "the user's service manager",
};

/** What root's container engines have; a user in their group has their rights. */
const SYSTEM_ENGINES = [
  ["the directory of the system's Podman socket", "/run/podman"],
  ["the directory of the system's Podman socket", "/var/run/podman"],
  ["the system's Docker socket", "/run/docker.sock"],
  ["the system's Docker socket", "/var/run/docker.sock"],
  ["the system's container storage", "/var/lib/containers"],
  ["the system's container storage", "/var/lib/docker"],
] as const;

/** The paths of this host that no session may get. */
export function protectedPaths(host: Host, config: { readonly daemon: ChosenPlaces }): ProtectedPath[] {
  const { auditRoot, socketPath, podmanSocket, storage = [] } = config.daemon;
  const itself = (what: string, path: string): ProtectedPath => ({
    what,
    path: resolve(path),
    withContents: false,
  });
  const whole = (what: string, path: string | undefined): ProtectedPath[] =>
    path === undefined || path === "" ? [] : [{ what, path: resolve(path), withContents: true }];
  return [
    itself("the root directory", "/"),
    itself("the home directory", homeDirectory(host)),
    itself("the devices", "/dev"),
    ...whole("the kernel's view of all processes", "/proc"),
    ...whole("the kernel's settings", "/sys"),
    ...whole("agentd's state directory", stateDirectory(host)),
    ...whole("agentd's cache", cacheDirectory(host)),
    ...whole("the records of all sessions", auditRoot ?? defaultAuditRoot(host)),
    ...whole("agentd's socket", socketPath),
    ...whole("agentd's socket", host.env["AGENTD_SOCKET"]),
    ...whole("Podman's socket", podmanSocket),
    ...[join(dataHome(host), "containers"), ...storage].flatMap((path) => whole("Podman's storage", path)),
    ...runtimeDirectories(host).flatMap((runtime) => [
      itself("the runtime directory", runtime),
      ...Object.entries(RUNTIME_CONTROLS).flatMap(([name, what]) => whole(what, join(runtime, name))),
    ]),
    ...SYSTEM_ENGINES.flatMap(([what, path]) => whole(what, path)),
  ];
}

function runtimeDirectories(host: Host): string[] {
  const usual = `/run/user/${host.uid}`;
  const { XDG_RUNTIME_DIR: own } = host.env;
  return own === undefined || !isAbsolute(own) || own === usual ? [usual] : [usual, own];
}

/**
 * Why a path of the host must not be given to a session, without a full stop; undefined when it may. Links are not
 * followed.
 *
 * @param source absolute and normalized.
 */
export function sourceFault(source: string, protectedOnes: readonly ProtectedPath[]): string | undefined {
  for (const { path, what, withContents } of protectedOnes) {
    if (source === path) return `it is ${what}, which is never mounted into a session`;
    if (isWithin(path, source)) return `it contains ${what} (${path}), which is never mounted into a session`;
    if (withContents && isWithin(source, path))
      return `it lies in ${what} (${path}), which is never mounted into a session`;
  }
  return undefined;
}

const SYSTEM_DIRECTORIES = ["/bin", "/boot", "/etc", "/lib", "/lib32", "/lib64", "/libx32", "/sbin", "/usr"];
const SHARED_DIRECTORIES = /^\/(?:home|var)\/[^/]+$/;

/**
 * Why the labels of a path must not be changed, without a full stop; undefined when they may. Relabelling goes through
 * all that a directory contains, and programs of the host that worked before are then refused what they need.
 *
 * @param source absolute and normalized.
 */
export function relabelFault(source: string, relabel: Mount["relabel"]): string | undefined {
  if (relabel === "none") return undefined;
  const system = SYSTEM_DIRECTORIES.some((directory) => isWithin(source, directory));
  if (!system && !SHARED_DIRECTORIES.test(source) && /^\/[^/]+\/./.test(source)) return undefined;
  return `relabel = "${relabel}" would change the SELinux labels of a system directory`;
}

/**
 * The file or directory behind a mount's source, with every link followed: what is to be mounted.
 *
 * @param source absolute.
 * @throws AgentdError `mount_invalid` when there is none, or when it must not be handed over.
 */
export async function resolveMountSource(
  source: string,
  protectedOnes: readonly ProtectedPath[],
  relabel: Mount["relabel"],
): Promise<string> {
  const refused = (why: string, cause?: unknown): AgentdError =>
    new AgentdError("mount_invalid", {
      tried: `mount ${source}`,
      why,
      next: "Fix this mount in the profile, or create its source.",
      details: { source },
      cause,
    });
  const resolved = await resolveSource(source, protectedOnes, refused);
  const fault = relabelFault(resolved, relabel);
  if (fault !== undefined) throw refused(leadingTo(resolved, source, fault));
  return resolved;
}

/**
 * What a path leads to when every link is followed.
 *
 * @param refused makes the error to throw when it does not exist or must not be handed over.
 */
export async function resolveSource(
  source: string,
  protectedOnes: readonly ProtectedPath[],
  refused: (why: string, cause?: unknown) => AgentdError,
): Promise<string> {
  const resolved = await realpath(source).catch((error: unknown) => {
    throw refused(missingReason(error), error);
  });
  const fault = sourceFault(resolved, await resolveAll(protectedOnes));
  if (fault !== undefined) throw refused(leadingTo(resolved, source, fault));
  return resolved;
}

function leadingTo(resolved: string, source: string, fault: string): string {
  return resolved === source ? fault : `it leads to ${resolved}: ${fault}`;
}

function missingReason(error: unknown): string {
  const code = systemCode(error);
  if (code === "ENOENT") return "there is no such file or directory";
  if (code === "ENOTDIR") return "a part of its path is not a directory";
  if (code === "EACCES") return "permission denied on the way to it";
  if (code === "ELOOP") return "its symbolic links form a loop";
  return code ?? String(error);
}

/** The protected paths as they are written and, where links lead elsewhere, as they resolve. */
async function resolveAll(protectedOnes: readonly ProtectedPath[]): Promise<ProtectedPath[]> {
  const resolved = await Promise.all(
    protectedOnes.map(async (one) => {
      const path = await resolveExisting(one.path);
      return path === one.path ? [one] : [one, { ...one, path }];
    }),
  );
  return resolved.flat();
}

/** A path with the links followed in as much of it as exists: the rest may be made later. */
async function resolveExisting(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    // Missing or out of reach: resolve its parent.
    return path === "/" ? path : join(await resolveExisting(dirname(path)), basename(path));
  }
}
