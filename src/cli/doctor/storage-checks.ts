/** agentd's directories: whether they are writable, and how much space is free. */
import { mkdtemp, realpath, rmdir, stat, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { runtimeDirectory } from "../../config/paths.ts";
import { systemCode } from "../../errors.ts";
import { failure, type Finding, ok, warning } from "../../finding.ts";
import { ifThere } from "../../if-there.ts";
import { countText, sizeText } from "../words/size-text.ts";
import type { Check, NamedLook } from "./check.ts";
import type { Ground } from "./ground.ts";

export interface StoragePlaces {
  readonly state: string;
  readonly cache: string;
  readonly auditRoot: string;
  readonly auditPrivate: boolean;
  /** Directory of Podman's images; undefined where Podman does not tell. */
  readonly images: () => Promise<string | undefined>;
  /** How much a session may print. */
  readonly logLimitBytes: number;
  /** What must be free where sessions write for one to begin; 0: anything will do. */
  readonly minFreeBytes: number;
}

export function storageChecks(ground: Ground, places: StoragePlaces): Check[] {
  const { state, cache, auditRoot } = places;
  const check = (name: string, look: Check["look"]): Check => ({ name, group: "storage", look });
  const writable = (name: string, path: string): Check => check(name, () => writableFinding(path, ground));
  return [
    writable("state_directory", state),
    writable("cache_directory", cache),
    writable("audit_root", auditRoot),
    // Without a runtime directory no daemon starts; another finding reports that.
    ...(ground.host.env["XDG_RUNTIME_DIR"] === undefined
      ? []
      : [check("permissions", () => permissionFindings(places, ground))]),
    check("staging", () => stagingFinding(cache, ground)),
    { ...check("free_space", () => spaceFindings(places, ground)), limitMs: SPACE_LIMIT_MS },
  ];
}

/** The images' directory is known when Podman has answered. */
const SPACE_LIMIT_MS = 150_000;

/** Whether a directory can be written, or be made where it does not exist yet. */
async function writableFinding(path: string, { unreachable, user }: Ground): Promise<Finding> {
  const gone = await unreachable(path);
  if (gone !== undefined) return gone;
  const existing = await nearestExisting(path);
  try {
    await rmdir(await mkdtemp(join(existing, ".agentd-doctor-")));
  } catch (error) {
    const code = systemCode(error) ?? String(error);
    const what = existing === path ? `${path} cannot be written` : `${path} cannot be created in ${existing}`;
    const isFull = code === "ENOSPC" || code === "EDQUOT";
    return failure(
      `${what} (${code})`,
      isFull
        ? `df -h ${existing}; df -i ${existing}`
        : `sudo chown ${user} ${existing} && chmod u+rwx ${existing}`,
    );
  }
  return ok(existing === path ? path : `${path}, which can be created`);
}

/** Whether only the user can access agentd's files: lists everything that a starting daemon would refuse. */
async function permissionFindings(
  { state, cache, auditRoot, auditPrivate }: StoragePlaces,
  { host, unreachable }: Ground,
): Promise<Finding[] | undefined> {
  for (const path of [state, cache, auditRoot]) {
    if ((await unreachable(path)) !== undefined) return undefined;
  }
  const [{ ownPlaces }, { openPlaces }, { instanceId }] = await Promise.all([
    import("../../daemon/places.ts"),
    import("../../own-places.ts"),
    import("../../config/instance-id.ts"),
  ]);
  const runtime = join(runtimeDirectory(host), instanceId(state));
  const open = await openPlaces(ownPlaces({ state, cache, auditRoot, runtime }, auditPrivate), host.uid);
  if (open.length === 0) return [ok("only you can access agentd's files")];
  return open.map(({ path, why, fix }) => failure(`${path}: ${why}`, fix));
}

/** The directory itself or, where it does not exist, the nearest above it. */
async function nearestExisting(path: string): Promise<string> {
  const found = await ifThere(stat(path));
  return found === undefined && path !== "/" ? await nearestExisting(dirname(path)) : path;
}

/** A clone borrows from the mirror and is moved into what is mounted: cheap on one file system alone. */
async function stagingFinding(cache: string, { unreachable }: Ground): Promise<Finding | undefined> {
  const gone = await unreachable(cache);
  if (gone !== undefined) return undefined;
  const paths = [join(cache, "repos"), join(cache, "staging")];
  const [mirrors, staging] = await Promise.all(
    paths.map(async (path) => (await stat(await nearestExisting(path))).dev),
  );
  if (mirrors === staging) return ok("clones are staged on the file system of the mirrors");
  return warning(
    `${paths.join(" and ")} are on different file systems, so every clone is copied`,
    `rm -r ${paths[1] ?? ""}   # when no session runs; agentd recreates it beside the mirrors`,
  );
}

/** Below this a session has hardly any space for a clone, and sealing a record may fail. */
const TOO_FEW_BYTES = 100 * 1024 ** 2;
/** Below this a session's clone may not fit: large repositories have more files. */
const FEW_FILES = 20_000;
const TOO_FEW_FILES = 1_000;

interface FileSystem {
  readonly path: string;
  readonly holds: string[];
}

/** One finding per file system, because directories on the same file system share its free space. */
async function spaceFindings(places: StoragePlaces, ground: Ground): Promise<NamedLook[]> {
  const images = await places.images();
  const named: (readonly [string, string | undefined])[] = [
    ["state", places.state],
    ["clones", places.cache],
    ["records", places.auditRoot],
    ["images", images],
  ];
  const systems = new Map<number, FileSystem>();
  for (const [what, path] of named) {
    if (path === undefined || (await ground.unreachable(path)) !== undefined) continue;
    const existing = await realpath(await nearestExisting(path));
    const { dev } = await stat(existing);
    const known = systems.get(dev);
    if (known === undefined) systems.set(dev, { path: existing, holds: [what] });
    else known.holds.push(what);
  }
  return await Promise.all([...systems.values()].map((system) => spaceFinding(system, places)));
}

async function spaceFinding(
  { path, holds }: FileSystem,
  { logLimitBytes, minFreeBytes }: StoragePlaces,
): Promise<Finding> {
  const { bavail, bsize, files, ffree } = await statfs(path);
  // Some file systems, such as btrfs, make files as long as there is space.
  return freeSpaceFinding(path, holds, {
    bytes: bavail * bsize,
    files: files === 0 ? Infinity : ffree,
    logLimitBytes,
    minFreeBytes: holds.some((what) => what !== "images") ? minFreeBytes : 0,
  });
}

export interface Room {
  readonly bytes: number;
  readonly files: number;
  readonly logLimitBytes: number;
  /** 0: anything will do. */
  readonly minFreeBytes: number;
}

export function freeSpaceFinding(
  path: string,
  holds: readonly string[],
  { bytes, files, logLimitBytes, minFreeBytes }: Room,
): Finding {
  const count = files === Infinity ? "" : ` and room for ${countText(files, "file")}`;
  const found = `${path} (${holds.join(", ")}) has ${sizeText(bytes)} free${count}`;
  const clear = `agentd audit prune --help; podman image prune; df -h ${path}; df -i ${path}`;
  if (bytes < TOO_FEW_BYTES) return failure(`${found}: no clone and no record may fit`, clear);
  if (bytes < minFreeBytes) {
    return failure(`${found}: no session starts below ${sizeText(minFreeBytes)} (min_free)`, clear);
  }
  if (files < TOO_FEW_FILES) return failure(`${found}: no clone may fit`, clear);
  if (bytes < logLimitBytes) {
    return warning(`${found}, and one session may print ${sizeText(logLimitBytes)} (log_limit)`, clear);
  }
  if (files < FEW_FILES) return warning(`${found}, and the clone of one session may need more`, clear);
  return ok(found);
}
