/** The checks of one profile. */
import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "../../config/config.ts";
import { AgentdError } from "../../errors.ts";
import { ok, warning } from "../../finding.ts";
import type { Profile } from "../../profile/profile.ts";
import type { GitSource } from "../../profile/rules/home-sources.ts";
import { hasAllowlist } from "../words/network-warnings.ts";
import type { Check } from "./check.ts";
import { credentialFinding, type CredentialSource } from "./credential-checks.ts";
import { ENGINE_LIMIT_MS, type EngineLook } from "./engine-checks.ts";
import { allowFinding } from "./gateway-checks.ts";
import type { Ground } from "./ground.ts";
import { llmFindings, PROVIDER_LIMIT_MS, providerFinding } from "./llm-checks.ts";
import {
  directoryFinding,
  fileFinding,
  imageFinding,
  methodologyFinding,
  mountFinding,
  type PathCheck,
  type PathRules,
} from "./profile-checks.ts";
import { selinuxMode } from "./system-checks.ts";

export interface ProfileSurroundings {
  readonly ground: Ground;
  readonly engine: EngineLook;
  readonly config: Config;
  readonly credentials: CredentialSource;
  /** Where agentd keeps things: what is mounted is compared with them. */
  readonly places: readonly string[];
  readonly daemonRuns: boolean;
  /** Whether to ask the servers of repositories. */
  readonly network: boolean;
  /** A directory of this user alone. */
  readonly scratch: string;
}

/** How long a server of a repository may take. */
const SERVER_LIMIT_MS = 30_000;

export async function profileChecks(
  profiles: readonly Profile[],
  around: ProfileSurroundings,
): Promise<Check[]> {
  const [rules, { gitSourceOf }, { resolveCredentials, resolveToken }, selinux] = await Promise.all([
    pathRules(around),
    import("../../profile/rules/home-sources.ts"),
    import("../../credentials/resolve.ts"),
    selinuxMode(),
  ]);
  const { ground, credentials, network, config } = around;
  const resolve = { credentials: resolveCredentials, token: resolveToken };
  const onPath = async <T>(find: PathCheck<T>, what: T) =>
    rules === undefined ? undefined : await find(what, { rules, selinux, ground });
  return profiles.flatMap((profile) => {
    const { name, mounts, methodologyDir, directory, files } = profile;
    const sources = files.flatMap(({ source }) => (source === undefined ? [] : [source]));
    const [onHost, fetched] = [
      sources.filter((source) => gitSourceOf(source) === undefined),
      sources.flatMap((source) => gitSourceOf(source) ?? []),
    ];
    const check = (condition: string, look: Check["look"], limitMs?: number): Check => ({
      ...{ name: condition, group: "profile", profile: name, look, limitMs },
    });
    return [
      check("image", () => lookAtImage(profile, around), ENGINE_LIMIT_MS),
      check("credentials", async () => credentialFinding(profile, credentials, ground.host.env, resolve)),
      ...mounts.map((mount) => check("mount", () => onPath(mountFinding, mount))),
      ...(methodologyDir === undefined
        ? []
        : [check("methodology", () => onPath(methodologyFinding, methodologyDir))]),
      ...(directory === undefined ? [] : [check("directory", () => onPath(directoryFinding, directory))]),
      ...onHost.map((source) => check("file", () => onPath(fileFinding, source))),
      ...(hasAllowlist(profile) ? [check("allow", () => allowFinding(profile, config.file))] : []),
      ...(profile.llm === undefined
        ? []
        : [check("llm", () => llmFindings(profile, credentials, config.file))]),
      ...(network
        ? (profile.llm?.providers ?? []).map((provider) =>
            check("provider", (signal) => providerFinding(provider, credentials, signal), PROVIDER_LIMIT_MS),
          )
        : []),
      ...(network
        ? repositoriesOf(profile, fetched).map((repository) =>
            check("repository", (signal) => reach(profile, repository, around, signal), 2 * SERVER_LIMIT_MS),
          )
        : []),
    ];
  });
}

/** Undefined if a path to compare with hangs; another finding reports that. */
async function pathRules({
  ground,
  config,
  places,
  engine,
}: ProfileSurroundings): Promise<PathRules | undefined> {
  const gone = await Promise.all(places.map((place) => ground.unreachable(place)));
  if (gone.some((each) => each !== undefined)) return undefined;
  const [{ protectedPaths, resolveMountSource }, { checkMethodology }, { resolveDirectory }, { homeEntry }] =
    await Promise.all([
      import("../../config/mount-sources.ts"),
      import("../../config/methodology.ts"),
      import("../../config/workspace-directory.ts"),
      import("../../config/home-file.ts"),
    ]);
  const report = await engine.report();
  const storage = report.kind === "answers" ? report.features.storageDirectories : [];
  const protectedOnes = protectedPaths(ground.host, { daemon: { ...config.daemon, storage } });
  return {
    mount: ({ source, relabel }) => resolveMountSource(source, protectedOnes, relabel),
    methodology: (directory) => checkMethodology(directory, protectedOnes),
    directory: (directory) => resolveDirectory(directory, protectedOnes),
    file: (source) => homeEntry({ target: "~/x", source }, protectedOnes),
    configFile: config.file,
  };
}

/** No finding if Podman does not answer. */
async function lookAtImage(profile: Profile, { engine, daemonRuns }: ProfileSurroundings) {
  if ((await engine.report()).kind !== "answers") return undefined;
  const standing = await engine.image(profile.baseImage);
  const prepared = await engine.prepared();
  const isPrepared = standing.kind === "here" ? prepared?.has(standing.id) : undefined;
  return imageFinding(profile, { standing, isPrepared, daemonRuns });
}

interface Asked {
  readonly url: string;
  readonly ref: string | null;
  /** How the profile names it. */
  readonly key: "repo" | "source";
}

/** The repositories that sessions of a profile fetch, each once. */
function repositoriesOf({ repo, ref }: Profile, sources: readonly GitSource[]): Asked[] {
  const own: Asked[] = repo === undefined ? [] : [{ url: repo, ref: ref ?? null, key: "repo" }];
  const all = [...own, ...sources.map(({ url, ref: of }): Asked => ({ url, ref: of, key: "source" }))];
  return [...new Map(all.map((each) => [JSON.stringify(each), each])).values()];
}

/** No finding for a repository whose token is missing, which another finding reports. */
async function reach(
  { repo, repoTokenSource }: Profile,
  { url, ref, key }: Asked,
  { ground, credentials, scratch }: ProfileSurroundings,
  signal: AbortSignal,
) {
  const [{ areOnSameServer }, { createGit }, { reachRepository }, { resolveToken }] = await Promise.all([
    import("../../profile/rules/home-sources.ts"),
    import("../../workspace/git.ts"),
    import("../../workspace/reach-repository.ts"),
    import("../../credentials/resolve.ts"),
  ]);
  const source = repo !== undefined && areOnSameServer(repo, url) ? repoTokenSource : undefined;
  const token = source === undefined ? undefined : tokenOf(source, credentials, resolveToken);
  if (source !== undefined && token === undefined) return undefined;
  const git = createGit({ ...ground.host.env, ...credentials.current });
  const directory = await mkdtemp(join(scratch, "git-"));
  const movedTo = await reachRepository({ url, ref, token }, git, {
    ...{ directory, signal, deadlineMs: SERVER_LIMIT_MS },
  });
  if (movedTo !== undefined) return warning(`${url} redirects to ${movedTo}`, `${key} = "${movedTo}"`);
  return ok(`${url} answers${ref === null ? "" : `, and has ${ref}`}`);
}

function tokenOf(
  source: string,
  credentials: CredentialSource,
  resolveToken: (name: string, source: CredentialSource) => string,
): string | undefined {
  try {
    return resolveToken(source, credentials);
  } catch (error) {
    if (error instanceof AgentdError) return undefined;
    throw error;
  }
}
