/**
 * The examination behind `agentd doctor`: which checks run, and which functions of the rooms they call. Those
 * are loaded here, and nowhere else for this command.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { version as nodeVersion } from "node:process";
import type { Status } from "../../api/methods.ts";
import type { Config } from "../../config/config.ts";
import {
  cacheDirectory,
  defaultAuditRoot,
  homeDirectory,
  type Host,
  runtimeDirectory,
  stateDirectory,
} from "../../config/paths.ts";
import { AgentdError } from "../../errors.ts";
import { FINDING_STATUSES, type FindingStatus } from "../../finding.ts";
import type { Profile } from "../../profile/profile.ts";
import { needsGateway } from "../words/network-warnings.ts";
import type { Check, CheckResult, DoctorReport } from "./check.ts";
import { credentialFileFinding, credentialPlaces, findCredentialSource } from "./credential-checks.ts";
import { configFindings, type DaemonAnswer, daemonFinding, type LoadedConfig } from "./daemon-checks.ts";
import { engineChecks, startEngineLook } from "./engine-checks.ts";
import { gatewayChecks } from "./gateway-checks.ts";
import { createGround, type Ground } from "./ground.ts";
import { keptChecks } from "./kept-checks.ts";
import { nodeChecks, type NodeLook } from "./node-checks.ts";
import { profileChecks } from "./profile-plan.ts";
import { runChecks } from "./run-checks.ts";
import { storageChecks } from "./storage-checks.ts";
import { systemChecks } from "./system-checks.ts";
import { userChecks } from "./user-checks.ts";

export interface Examination {
  readonly host: Host;
  /** The configuration file that the command line names; undefined when it names none. */
  readonly configFile: string | undefined;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** @throws AgentdError if there is no usable configuration. */
  readonly loadConfig: () => Promise<Config>;
  /** @throws AgentdError when no daemon answers; the signal's reason when it is aborted. */
  readonly askDaemon: (signal: AbortSignal) => Promise<Status>;
  /** Names of the profiles to look at; empty for all. */
  readonly profiles: readonly string[];
  /** Whether to ask the servers of repositories and the providers of language models. */
  readonly network: boolean;
  /** What this host needs as a node of another one; undefined: it is a host of its own. */
  readonly node: NodeLook | undefined;
}

/** Without a configuration: what a session may print, what must be free for one to begin, and what kept ones may take. */
const DEFAULT_LOG_LIMIT = 1024 ** 3;
const DEFAULT_MIN_FREE = 1024 ** 3;
const DEFAULT_KEEP_MAX = 20 * 1024 ** 3;

/**
 * Checks every requirement of sessions.
 *
 * @throws AgentdError `unknown_profile`.
 */
export async function examine(examination: Examination): Promise<DoctorReport> {
  const { host, now, network } = examination;
  const ground = await createGround({ host, user: userInfo().username, now });
  const hanging = await findHanging(examination, ground);
  if (hanging !== undefined) return report([hanging], network);
  const scratch = await mkdtemp(join(tmpdir(), "agentd-doctor-"));
  try {
    return report(await runChecks(await allChecks(examination, ground, scratch)), network);
  } finally {
    // eslint-disable-next-line no-restricted-syntax -- It holds what git of this command has put there.
    await rm(scratch, { recursive: true, force: true });
  }
}

/** The first hanging path or program that everything else depends on; undefined if none hangs. */
async function findHanging(
  { host, configFile = host.env["AGENTD_CONFIG"] }: Examination,
  { unreachable }: Ground,
): Promise<CheckResult | undefined> {
  const home = await unreachable(homeDirectory(host));
  if (home !== undefined) return { name: "home", group: "user", profile: null, ...home };
  const config = configFile ? await unreachable(configFile) : undefined;
  return config && { name: "configuration", group: "daemon", profile: null, ...config };
}

async function allChecks(examination: Examination, ground: Ground, scratch: string): Promise<Check[]> {
  const { host, network } = examination;
  const [loaded, daemon] = await Promise.all([
    loadedConfig(examination.loadConfig),
    daemonAnswer(examination.askDaemon),
  ]);
  const config = loaded instanceof AgentdError ? undefined : loaded;
  const status = daemon instanceof AgentdError || daemon === "hung" ? undefined : daemon;
  const profiles = config === undefined ? [] : chosenProfiles(config, examination.profiles);
  const needsNetwork = profiles.length === 0 || profiles.some((profile) => profile.network === "private");
  const auditRoot = config?.daemon.auditRoot ?? defaultAuditRoot(host);

  const engine = await startEngineLook(host, config?.daemon.podmanSocket);
  const places = credentialPlaces(host);
  const credentials = findCredentialSource(host.env, places, status?.pid);
  const check = (name: string, look: Check["look"]): Check => ({ name, group: "daemon", look });
  const { node } = examination;
  const all = [
    ...systemChecks(ground, {
      nodeVersion,
      needsNetwork,
      newestSession: () => newestSession(auditRoot, ground),
    }),
    ...userChecks(ground, () => runtimeDirectory(host)),
    ...engineChecks(engine, {
      ...{ ground, needsNetwork, profiles },
      maxSessions: config?.daemon.maxSessions,
    }),
    ...gatewayChecks(ground, {
      needsGateway: profiles.some(needsGateway),
      podmanSocket: config?.daemon.podmanSocket,
    }),
    ...storageChecks(ground, {
      state: stateDirectory(host),
      cache: cacheDirectory(host),
      auditRoot,
      auditPrivate: config?.daemon.auditPrivate ?? true,
      images: async () => (await engine.storage())?.directory,
      logLimitBytes: config?.daemon.logLimitBytes ?? DEFAULT_LOG_LIMIT,
      minFreeBytes: config?.daemon.minFreeBytes ?? DEFAULT_MIN_FREE,
    }),
    ...keptChecks(ground, {
      state: stateDirectory(host),
      keepMaxBytes: config?.daemon.keepMaxBytes ?? DEFAULT_KEEP_MAX,
      daemonRuns: status !== undefined,
    }),
    check("configuration", async () => configFindings(loaded)),
    check("daemon", async () => daemonFinding(daemon, loaded)),
    check("credentials_file", () => credentialFileFinding(places, host.uid)),
    ...(config === undefined
      ? []
      : await profileChecks(profiles, {
          ...{ ground, engine, config, scratch, network, daemonRuns: status !== undefined },
          places: [stateDirectory(host), cacheDirectory(host), auditRoot],
          credentials: await credentials,
        })),
  ];
  // A node has no configuration and no daemon.
  const isHere = ({ group }: Check): boolean => group !== "daemon" && group !== "profile";
  return node === undefined ? all : [...all.filter(isHere), ...nodeChecks(ground, node)];
}

/** The configuration or, if the operator has to fix it, the error. */
async function loadedConfig(load: Examination["loadConfig"]): Promise<LoadedConfig> {
  try {
    return await load();
  } catch (error) {
    if (error instanceof AgentdError) return error;
    throw error;
  }
}

/** Time limit for a daemon's answer to `status`. */
const DAEMON_LIMIT_MS = 10_000;

async function daemonAnswer(ask: Examination["askDaemon"]): Promise<DaemonAnswer> {
  const signal = AbortSignal.timeout(DAEMON_LIMIT_MS);
  try {
    return await ask(signal);
  } catch (error) {
    if (signal.aborted) return "hung";
    if (error instanceof AgentdError) return error;
    throw error;
  }
}

function chosenProfiles({ profiles, file }: Config, names: readonly string[]): readonly Profile[] {
  if (names.length === 0) return profiles;
  return [...new Set(names)].map((name) => {
    const found = profiles.find((profile) => profile.name === name);
    if (found !== undefined) return found;
    throw new AgentdError("unknown_profile", {
      tried: `check profile ${JSON.stringify(name)}`,
      why: `${file} has no such profile`,
      next: `Existing profiles: ${profiles.map((profile) => profile.name).join(", ")}.`,
    });
  });
}

/** When the newest session was accepted, in milliseconds since 1970; undefined where none is found. */
async function newestSession(auditRoot: string, { unreachable }: Ground): Promise<number | undefined> {
  if ((await unreachable(auditRoot)) !== undefined) return undefined;
  const [{ listRecords }, { sessionIdTime }] = await Promise.all([
    import("../../audit/read/select-records.ts"),
    import("../../audit/format/session-id.ts"),
  ]);
  const [newest] = await listRecords(auditRoot, { limit: 1 });
  return newest && sessionIdTime(newest.id);
}

function report(checks: readonly CheckResult[], network: boolean): DoctorReport {
  const count = (status: FindingStatus): number => checks.filter((check) => check.status === status).length;
  const counts = Object.fromEntries(FINDING_STATUSES.map((status) => [status, count(status)]));
  return {
    ok: counts["failure"] === 0,
    counts: counts as DoctorReport["counts"],
    network,
    checks,
  };
}
