/** What a profile names on this host: its image, its mounts, its methodology. */
import { stat } from "node:fs/promises";
import { AgentdError } from "../../errors.ts";
import { failure, type Finding, ok, warning } from "../../finding.ts";
import type { ImageStanding } from "../../podman/images/stored-images.ts";
import type { Mount, Profile } from "../../profile/profile.ts";
import type { Ground } from "./ground.ts";
import type { SelinuxMode } from "./system-checks.ts";

/** The state of an image; `isPrepared` is undefined if it is unknown. */
export interface KnownImage {
  readonly standing: ImageStanding;
  readonly isPrepared: boolean | undefined;
  /** Whether a daemon runs, which prepares images when it is told to. */
  readonly daemonRuns: boolean;
}

/** Where Podman puts what was built or imported without the name of a registry. */
const LOCAL = "localhost/";

export function imageFinding(
  { baseImage, pull }: Pick<Profile, "baseImage" | "pull">,
  { standing, isPrepared, daemonRuns }: KnownImage,
): Finding {
  if (standing.kind === "unknown")
    return failure(
      `cannot tell whether ${baseImage} is on this host: ${standing.why}`,
      `podman image inspect ${baseImage}`,
    );
  if (standing.kind === "missing") return missingImage(baseImage, pull);
  const when = pull === "always" ? ", and is pulled before every session" : "";
  if (isPrepared !== false) return ok(`${baseImage} is on this host${when}`);
  return warning(
    `${baseImage} is on this host${when}, but its copy with session ids is not ready: the first session waits for it`,
    daemonRuns ? "agentd reload" : "agentd daemon   # prepares the images of all profiles at its start",
  );
}

function missingImage(image: string, pull: Profile["pull"]): Finding {
  if (image.startsWith(LOCAL)) {
    return failure(
      `${image} is not on this host, and images of ${LOCAL} cannot be pulled from a registry`,
      `podman build -t ${image} DIRECTORY`,
    );
  }
  if (pull === "never")
    return failure(`${image} is not on this host, and pull = "never"`, `podman pull ${image}`);
  return warning(`${image} is not on this host; the first session pulls it`, `podman pull ${image}`);
}

/** The functions that a launch checks with. They throw the launch's error and return the resolved path. */
export interface PathRules {
  readonly mount: (mount: Mount) => Promise<string>;
  readonly methodology: (directory: string) => Promise<string>;
  readonly directory: (directory: string) => Promise<string>;
  /** Returns the content of a file for homes. */
  readonly file: (source: string) => Promise<object>;
  /** Where profiles name paths. */
  readonly configFile: string;
}

export interface PathSurroundings {
  readonly rules: PathRules;
  readonly selinux: SelinuxMode;
  readonly ground: Ground;
}

/** Checks a path that a profile names. */
export type PathCheck<T> = (named: T, around: PathSurroundings) => Promise<Finding>;

export const mountFinding: PathCheck<Mount> = async (mount, { rules, selinux, ground }) => {
  const { source, target, relabel } = mount;
  const gone = await ground.unreachable(source);
  if (gone !== undefined) return gone;
  const correct = `correct source = ${JSON.stringify(source)} in ${rules.configFile}, or create it: mkdir -p ${source}`;
  const resolved = await rules.mount(mount).catch((error: unknown) => refused(error, correct));
  if (typeof resolved !== "string") return resolved;
  const found = `${source} exists, for ${target}`;
  const label = selinux === "enforcing" && relabel === "none" ? await labelOf(resolved, ground) : undefined;
  if (label === undefined || isForContainers(label)) return ok(found);
  return warning(
    `${found}, but its SELinux label ${label} blocks sessions`,
    `relabel = "shared" in the mount of ${target}, or: chcon -R -t container_file_t ${resolved}`,
  );
};

export const methodologyFinding: PathCheck<string> = async (directory, { rules, selinux, ground }) => {
  const gone = await ground.unreachable(directory);
  if (gone !== undefined) return gone;
  const correct = `correct methodology_dir = ${JSON.stringify(directory)} in ${rules.configFile}, or put a manifest.toml there`;
  const resolved = await rules.methodology(directory).catch((error: unknown) => refused(error, correct));
  if (typeof resolved !== "string") return resolved;
  if (selinux !== "enforcing" || (await stat(resolved)).uid === ground.host.uid) return ok(directory);
  const label = await labelOf(resolved, ground);
  if (label === undefined || isForContainers(label)) return ok(directory);
  return warning(
    `${directory} has the SELinux label ${label} and belongs to another user, so agentd cannot relabel it for sessions`,
    `sudo chcon -R -t container_file_t ${resolved}`,
  );
};

export const directoryFinding: PathCheck<string> = async (directory, { rules, ground }) => {
  const gone = await ground.unreachable(directory);
  if (gone !== undefined) return gone;
  const correct = `correct directory = ${JSON.stringify(directory)} in ${rules.configFile}, or create it: mkdir -p ${directory}`;
  const resolved = await rules.directory(directory).catch((error: unknown) => refused(error, correct));
  if (typeof resolved !== "string") return resolved;
  if ((await stat(resolved)).isDirectory()) return ok(directory);
  return failure(`${directory} is not a directory, so it cannot be copied`, correct);
};

export const fileFinding: PathCheck<string> = async (source, { rules, ground }) => {
  const gone = await ground.unreachable(source);
  if (gone !== undefined) return gone;
  const correct = `correct source = ${JSON.stringify(source)} in ${rules.configFile}`;
  return await rules.file(source).then(
    () => ok(source),
    (error: unknown) => refused(error, correct),
  );
};

function refused(error: unknown, fix: string): Finding {
  if (error instanceof AgentdError) return failure(error.message, fix);
  throw error;
}

/** Types that the policy of containers lets every container read. */
const READABLE_TYPES = ["container_file_t", "container_ro_file_t", "container_share_t", "usr_t"];

/** @param label such as `system_u:object_r:container_file_t:s0`. */
export function isForContainers(label: string): boolean {
  const [, , type = "", ...level] = label.split(":");
  // One with categories is a single container's own.
  return READABLE_TYPES.includes(type) && !level.some((part) => part.startsWith("c"));
}

/** Undefined where the file system has none. */
async function labelOf(path: string, { run }: Ground): Promise<string | undefined> {
  const found = await run("stat", ["--format=%C", "--", path]);
  const label = found.kind === "ended" && found.exitCode === 0 ? found.stdout.trim() : "";
  return label === "" || label === "?" ? undefined : label;
}
