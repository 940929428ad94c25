/** What a profile names on this host: its image, its mounts, its methodology. */
import { stat } from "node:fs/promises";
import { AgentdError } from "../../errors.ts";
import { failure, type Finding, ok, warning } from "../../finding.ts";
import type { ImageStanding } from "../../podman/images/stored-images.ts";
import type { Mount, Profile } from "../../profile/profile.ts";
import type { Ground } from "./ground.ts";
import type { SelinuxMode } from "./system-checks.ts";

/** What is known of an image; `isPrepared` is undefined where nobody can tell. */
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
      `nobody can tell whether ${baseImage} is here: ${standing.why}`,
      `podman image inspect ${baseImage}`,
    );
  if (standing.kind === "missing") return missingImage(baseImage, pull);
  const when = pull === "always" ? ", and is pulled at every run" : "";
  if (isPrepared !== false) return ok(`${baseImage} is here${when}`);
  return warning(
    `${baseImage} is here${when}, but not yet copied with the ids of sessions: the first one waits for that`,
    daemonRuns ? "agentd reload" : "agentd daemon   # it prepares the images of all profiles when it starts",
  );
}

function missingImage(image: string, pull: Profile["pull"]): Finding {
  if (image.startsWith(LOCAL)) {
    return failure(
      `${image} is not here, and images of ${LOCAL} come from no registry`,
      `podman build -t ${image} DIRECTORY`,
    );
  }
  if (pull === "never") return failure(`${image} is not here, and pull = "never"`, `podman pull ${image}`);
  return warning(`${image} is not here, and is pulled at the first run`, `podman pull ${image}`);
}

/** The functions that a launch looks by. They throw what the launch would fail with, and give the path in truth. */
export interface PathRules {
  readonly mount: (mount: Mount) => Promise<string>;
  readonly methodology: (directory: string) => Promise<string>;
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
  const correct = `correct source = ${JSON.stringify(source)} in ${rules.configFile}, or make it exist: mkdir -p ${source}`;
  const resolved = await rules.mount(mount).catch((error: unknown) => refused(error, correct));
  if (typeof resolved !== "string") return resolved;
  const found = `${source} is there for ${target}`;
  const label = selinux === "enforcing" && relabel === "none" ? await labelOf(resolved, ground) : undefined;
  if (label === undefined || isForContainers(label)) return ok(found);
  return warning(
    `${found}, but its SELinux label ${label} keeps sessions from it`,
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
    `${directory} has the SELinux label ${label}, and belongs to another user, so agentd cannot label it for sessions`,
    `sudo chcon -R -t container_file_t ${resolved}`,
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
