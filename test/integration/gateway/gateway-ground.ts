/** Containers without a network, and gateways for them. */
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { Gateway } from "../../../src/gateway/client/gateway.ts";
import type { GatewayOptions } from "../../../src/gateway/client/gateway-options.ts";
import type { OpenSession } from "../../../src/gateway/control/control-protocol.ts";
import type { AllowEntry } from "../../../src/gateway/rules/allow-entry.ts";
import { createLogger } from "../../../src/log.ts";
import { identifyProcess, type ProcessIdentity } from "../../../src/process-identity.ts";
import { containersEnvironment } from "../../kit/containers-environment.mjs";
import { BUSYBOX, ensureBusyboxImage } from "../../kit/images.mjs";
import { podman } from "../../kit/podman.mjs";

const environment = containersEnvironment();
export const GATEWAY_SCRIPT = join(import.meta.dirname, "../../../dist/gateway.cjs");
export const LISTEN_SCRIPT = join(import.meta.dirname, "../../../dist/gateway-listen.cjs");

/** A container that waits, with a shell to run commands in. */
export interface TestContainer {
  readonly process: ProcessIdentity;
  /** Runs a shell script inside; returns what it prints, and its exit code. */
  readonly run: (
    script: string,
  ) => Promise<{ readonly stdout: string; readonly exitCode: number | undefined }>;
  readonly remove: () => Promise<void>;
}

/** Starts one. @param network as `podman run --network`. @param command of its own, for `sh -c`. */
export async function startContainer(network = "none", command = "exec sleep 3600"): Promise<TestContainer> {
  const image = await ensureBusyboxImage(environment, BUSYBOX);
  const name = `agentd-gateway-${randomBytes(6).toString("hex")}`;
  const options = ["--detach", "--init", "--name", name, "--network", network];
  await podman(environment, ["run", ...options, image, "sh", "-c", command]);
  const pid = Number(await podman(environment, ["inspect", "--format", "{{.State.Pid}}", name]));
  const identity = await identifyProcess(pid);
  if (identity === undefined) throw new Error("the container has ended");
  return {
    process: identity,
    run: async (script) => {
      const { stdout, stderr, exitCode } = await execa("podman", ["exec", name, "sh", "-c", script], {
        env: environment.variables,
        reject: false,
      });
      return { stdout: `${stdout}${stderr}`, exitCode };
    },
    remove: async () => {
      await podman(environment, ["rm", "--force", "--ignore", "--time=0", name]);
    },
  };
}

/** A directory of a gateway, and the daemons that use it. */
export interface GatewayGround {
  readonly directory: string;
  /** What a daemon has; each call is a new daemon. */
  readonly daemon: (options?: Partial<GatewayOptions>) => Gateway;
  readonly request: (container: Pick<TestContainer, "process">, allow: readonly AllowEntry[]) => OpenSession;
  readonly log: readonly string[];
  readonly remove: () => Promise<void>;
}

export async function makeGround(): Promise<GatewayGround> {
  const directory = await mkdtemp(join(tmpdir(), "agentd-gw-"));
  const daemons: Gateway[] = [];
  const log: string[] = [];
  return {
    directory,
    log,
    daemon: (options = {}) => {
      const gateway = new Gateway({
        script: GATEWAY_SCRIPT,
        socketPath: join(directory, "gateway.sock"),
        recordPath: join(directory, "gateway.json"),
        logPath: join(directory, "gateway.log"),
        environment: { PATH: process.env["PATH"] ?? "" },
        version: "0.1.0",
        log: createLogger({ write: (line) => void log.push(line) }, "info"),
        ...options,
      });
      daemons.push(gateway);
      return gateway;
    },
    request: (container, allow) => {
      const session = randomBytes(8).toString("hex");
      const policy = { profile: "site-builder", allow: [...allow] };
      return {
        session,
        process: container.process,
        policy,
        egress_path: join(directory, `${session}.jsonl`),
      };
    },
    remove: async () => {
      const last = daemons.at(-1);
      if (last !== undefined) {
        await last.closeOthers(new Set()).catch(() => undefined);
        for (const daemon of daemons) await daemon.stop();
      }
      // One that is just being started still writes its log.
      await rm(directory, { recursive: true, maxRetries: 20, retryDelay: 100 });
    },
  };
}
