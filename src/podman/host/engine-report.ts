/**
 * What the podman program reports about itself and this host, for a caller without a service that wants to start none.
 */
import * as z from "zod";
import { type BoundedRun, runBounded } from "../../bounded-command.ts";
import type { Environment } from "../../environment.ts";
import { infoReply } from "../service/replies.ts";
import { serviceEnvironment } from "../service/service-environment.ts";
import { type EngineFeatures, engineFeatures } from "./host-features.ts";
import { delegatedControllers, userManagerGroup } from "./user-manager-group.ts";

/** Runs podman with these arguments and waits for it, within a limit. Never throws. */
export type Podman = (args: readonly string[], limitMs: number) => Promise<BoundedRun>;

/** @param socket of a service that agentd does not run, to be asked instead of this user's own storage. */
export function podmanProgram(environment: Environment, socket: string | undefined): Podman {
  const remote = socket === undefined ? [] : ["--url", `unix://${socket}`];
  return (args, limitMs) =>
    runBounded("podman", [...remote, ...args], { environment: serviceEnvironment(environment), limitMs });
}

/** The programs that Podman uses, and its storage. */
export interface EngineParts {
  readonly rootless: boolean;
  /** `sqlite` or `boltdb`; undefined where Podman is too old to report it. */
  readonly database: string | undefined;
  readonly runtime: Part | undefined;
  readonly conmon: Part | undefined;
  /** Path of the program that connects a rootless container to the network; undefined when Podman found none. */
  readonly networkHelper: string | undefined;
  readonly storage: {
    /** Directory of images and containers. */
    readonly directory: string;
    readonly configFile: string;
    /** The program that mounts where the kernel cannot; undefined where the kernel does it. */
    readonly mountProgram: string | undefined;
  };
}

export interface Part {
  readonly path: string;
  /** As the program prints it, such as `1.1.5+ds1`; undefined when it printed none. */
  readonly version: string | undefined;
}

/** The result of asking Podman. */
export type EngineReport =
  | { readonly kind: "answers"; readonly features: EngineFeatures; readonly parts: EngineParts }
  | { readonly kind: "missing" }
  | { readonly kind: "hung"; readonly limitMs: number }
  /** `said`: the last line of what Podman wrote. */
  | { readonly kind: "failed"; readonly said: string };

const part = z.object({ path: z.string(), version: z.string().default("") }).nullish();
const helper = z.object({ executable: z.string() }).nullish();

/** The other fields that are read of the same reply as `infoReply`. */
const partsReply = z.object({
  host: z.object({
    conmon: part,
    ociRuntime: part,
    pasta: helper,
    slirp4netns: helper,
    databaseBackend: z.string().nullish(),
    security: z.object({ rootless: z.boolean() }),
  }),
  store: z.object({
    graphRoot: z.string(),
    configFile: z.string().default(""),
    graphOptions: z.record(z.string(), z.unknown()).nullish(),
  }),
});

/** The first question after a boot waits until Podman has looked through its storage. */
const INFO_LIMIT_MS = 60_000;

/** Asks Podman. Never throws. */
export async function askEngine(podman: Podman): Promise<EngineReport> {
  const run = await podman(["info", "--format", "json"], INFO_LIMIT_MS);
  if (run.kind === "missing") return run;
  if (run.kind === "hung") return { kind: "hung", limitMs: INFO_LIMIT_MS };
  if (run.exitCode !== 0) return { kind: "failed", said: lastLine(run.stderr) };
  const group = await userManagerGroup();
  const delegated = group === undefined ? [] : await delegatedControllers(group);
  try {
    return readReport(run.stdout, delegated);
  } catch (error) {
    return { kind: "failed", said: `its answer cannot be parsed: ${String(error)}` };
  }
}

/** @param text what `podman info` has printed as JSON. @param delegated see `describeHost`. */
export function readReport(text: string, delegated: readonly string[]): EngineReport {
  const json = JSON.parse(text) as unknown;
  const features = engineFeatures(infoReply.parse(json), delegated);
  const { host, store } = partsReply.parse(json);
  const networkHelper = features.privateNetwork === "pasta" ? host.pasta : host.slirp4netns;
  const parts: EngineParts = {
    rootless: host.security.rootless,
    database: host.databaseBackend ?? undefined,
    runtime: partOf(host.ociRuntime),
    conmon: partOf(host.conmon),
    networkHelper: networkHelper?.executable || undefined,
    storage: {
      directory: store.graphRoot,
      configFile: store.configFile,
      mountProgram: mountProgramIn(store.graphOptions?.["overlay.mount_program"]),
    },
  };
  return { kind: "answers", features, parts };
}

function partOf(found: z.output<typeof part>): Part | undefined {
  if (found === null || found === undefined || found.path === "") return undefined;
  const [version] = /\d+\.\d+[^\s,]*/.exec(found.version) ?? [];
  return { path: found.path, version };
}

function mountProgramIn(option: unknown): string | undefined {
  const { Executable: path } = z.object({ Executable: z.string() }).safeParse(option).data ?? {};
  return path === "" ? undefined : path;
}

/** Why Podman has failed, from its standard error. */
export function lastLine(stderr: string): string {
  const line = stderr.trim().split("\n").at(-1) ?? "";
  const [, logged] = /^time="[^"]*" level=\w+ msg=(".*")$/.exec(line) ?? [];
  if (logged !== undefined) return JSON.parse(logged) as string;
  return line.replace(/^Error: /, "") || "it failed without a message";
}
