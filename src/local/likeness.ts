/** Whether a container that waits is what a session would get. */
import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { ifThere } from "../if-there.ts";
import type { Mount, Profile } from "../profile/profile.ts";
import type { Job } from "../sessions/port/executor.ts";

/** How long a container waits for a session, from when it is ready. */
export const WAIT_MS = 15 * 60_000;

/** What of a session decides its container before anything was looked up. */
export type Shape = Pick<Job, "profile" | "longestMs"> & { readonly hasInput: boolean };

/** What a session finds on the host that decides its container. */
export interface Surrounding {
  readonly imageId: string;
  readonly methodology: { readonly directory: string; readonly digest: string } | undefined;
  /** With resolved sources. */
  readonly mounts: readonly Mount[];
  readonly networkEnvironment: Readonly<Record<string, string>>;
  /** Files of the host that the engine reads when it makes a container: another text makes another container. */
  readonly copied: readonly string[];
  /** Devices of the host, by path. */
  readonly devices: readonly string[];
}

export function shapeOf({ profile, longestMs, input }: Pick<Job, "profile" | "longestMs" | "input">): Shape {
  return { profile, longestMs, hasInput: input !== undefined };
}

/** Whether containers of a profile can be made before their sessions are there. */
export function canWait({ mounts, volumes }: Pick<Profile, "mounts" | "volumes">): boolean {
  // A private label takes a directory away from the session that has it. A volume is emptied, or copied, for its session.
  return volumes.length === 0 && mounts.every(({ relabel }) => relabel !== "private");
}

/** Whether a container that was made for one session would do for the other, as far as these decide. */
export function isLike(made: Shape, wanted: Shape): boolean {
  return (
    made.hasInput === wanted.hasInput &&
    JSON.stringify(made.profile) === JSON.stringify(wanted.profile) &&
    isBackstopFor(made.longestMs, wanted.longestMs)
  );
}

/** conmon ends a container after a time that was fixed when it was made. */
function isBackstopFor(madeMs: number | undefined, wantedMs: number | undefined): boolean {
  if (madeMs === undefined || wantedMs === undefined) return madeMs === wantedMs;
  return wantedMs <= madeMs;
}

/**
 * What is around a session, as a text that changes with it: also when another directory has taken a name, because a mount
 * stays with the one that had it.
 *
 * @throws Error when a source is gone.
 */
export async function fingerprintOf(surrounding: Surrounding): Promise<string> {
  const { methodology, mounts, copied, devices } = surrounding;
  const sources = [...mounts.map(({ source }) => source), ...(methodology ? [methodology.directory] : [])];
  return JSON.stringify([
    surrounding,
    await Promise.all([...sources, ...devices].map(identityOf)),
    await Promise.all(copied.map(digestOf)),
  ]);
}

async function identityOf(path: string): Promise<string> {
  const { dev, ino, rdev } = await stat(path, { bigint: true });
  return `${dev}:${ino}:${rdev}`;
}

/** Empty where there is no such file. */
async function digestOf(path: string): Promise<string> {
  const content = await ifThere(readFile(path));
  return content === undefined ? "" : createHash("sha256").update(content).digest("hex");
}

/** What the engine copies into containers with a network: names of hosts, and who knows them. */
const NETWORK_FILES = ["/etc/hosts", "/etc/resolv.conf"];

/** What of the host, besides mounts, the containers of a profile are made from. */
export function hostFilesOf(
  profile: Pick<Profile, "network" | "seccompProfile" | "devices">,
): Pick<Surrounding, "copied" | "devices"> {
  const { network, seccompProfile, devices } = profile;
  const isInside = network === "none" || network === "allowlist";
  return {
    copied: [...(isInside ? [] : NETWORK_FILES), ...(seccompProfile === undefined ? [] : [seccompProfile])],
    // Those of CDI have names that are no paths.
    devices: devices.filter((device) => device.startsWith("/")),
  };
}
