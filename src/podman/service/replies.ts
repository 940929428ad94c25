/**
 * The parts of libpod's replies that agentd reads. Unknown fields are ignored; null means empty in many places.
 */
import * as z from "zod";

const strings = z
  .array(z.string())
  .nullish()
  .transform((list) => list ?? []);

const idMap = z.array(z.object({ container_id: z.int(), host_id: z.int(), size: z.int() })).nullish();

export const infoReply = z.object({
  host: z.object({
    cgroupVersion: z.string(),
    cgroupManager: z.string(),
    cgroupControllers: strings,
    idMappings: z.object({ uidmap: idMap, gidmap: idMap }).nullish(),
    networkBackend: z.string().default("unknown"),
    rootlessNetworkCmd: z.string().nullish(),
    // Null when the runtime, or conmon, did not report its version.
    ociRuntime: z.object({ name: z.string() }).nullish(),
    kernel: z.string().default(""),
    security: z.object({
      rootless: z.boolean(),
      selinuxEnabled: z.boolean(),
      // Empty where Podman found no file, and `unconfined` where containers.conf says so.
      seccompProfilePath: z.string().default(""),
    }),
  }),
  store: z.object({
    graphDriverName: z.string(),
    graphRoot: z.string().default(""),
    runRoot: z.string().default(""),
    volumePath: z.string().default(""),
  }),
  version: z.object({ Version: z.string(), APIVersion: z.string() }),
});

export type InfoReply = z.output<typeof infoReply>;

export const imageReply = z.object({ Id: z.string(), Digest: z.string().default("") });

export const createReply = z.object({ Id: z.string() });

export const pullLine = z.object({
  stream: z.string().optional(),
  error: z.string().optional(),
  id: z.string().optional(),
});

export const removeReply = z.array(z.object({ Id: z.string(), Err: z.unknown().optional() }));

export const listReply = z
  .array(
    z.object({
      Id: z.string(),
      Names: strings,
      State: z.string(),
      Labels: z.record(z.string(), z.string()).nullish(),
    }),
  )
  .nullable()
  .transform((list) => list ?? []);

export const volumeReply = z.object({ Mountpoint: z.string() });

export const volumesReply = z
  .array(z.object({ Name: z.string(), Labels: z.record(z.string(), z.string()).nullish() }))
  .nullable()
  .transform((list) => list ?? []);

export const inspectReply = z.object({
  Id: z.string(),
  Name: z.string(),
  /** Empty before the container's start. */
  OCIConfigPath: z.string().default(""),
  State: z.object({
    Status: z.string(),
    Pid: z.int(),
    ConmonPid: z.int().default(0),
    ExitCode: z.int(),
    OOMKilled: z.boolean(),
    StartedAt: z.string(),
    FinishedAt: z.string(),
  }),
  EffectiveCaps: strings,
  BoundingCaps: strings,
  Mounts: z.array(
    z.object({
      Type: z.string(),
      Source: z.string(),
      Destination: z.string(),
      Options: strings,
      RW: z.boolean(),
    }),
  ),
  Config: z.object({ User: z.string() }),
  /** Where the container's own layer is, of the drivers that have one. */
  GraphDriver: z.object({ Data: z.object({ UpperDir: z.string().optional() }).nullish() }).nullish(),
  HostConfig: z.object({
    Privileged: z.boolean(),
    SecurityOpt: strings,
    CapAdd: strings,
    ReadonlyRootfs: z.boolean().default(false),
    Devices: z
      .array(z.unknown())
      .nullish()
      .transform((list) => list ?? []),
    NetworkMode: z.string(),
    PidMode: z.string(),
    IpcMode: z.string(),
    UTSMode: z.string(),
    PidsLimit: z.int(),
    Memory: z.int(),
    CpuPeriod: z.int(),
    CpuQuota: z.int(),
    Ulimits: z
      .array(z.object({ Name: z.string(), Hard: z.int() }))
      .nullish()
      .transform((list) => list ?? []),
    IDMappings: z.object({ UidMap: strings, GidMap: strings }).nullish(),
  }),
});

export type InspectReply = z.output<typeof inspectReply>;

/** What inspect says of a container that another one is to be made from. `SizeRw`: asked for with `size`. */
export const keptReply = z.object({
  /** Of SELinux; empty where that is off. */
  ProcessLabel: z.string().default(""),
  Config: z.object({ Env: strings }),
  /** Bytes of its layer. */
  SizeRw: z.int().nullish(),
});
