/** Opens listening sockets in a container's network namespace, for a program outside of it. */
import { readlink } from "node:fs/promises";
import { execa } from "execa";
import { AgentdError, systemCode } from "../../errors.ts";
import { isAlive, type ProcessIdentity } from "../../process-identity.ts";
import type { ListenReport } from "./listen.ts";

export interface ListenerOptions {
  /** Path of `listen.ts` as a bundled script. */
  readonly script: string;
  /** `PATH` for nsenter, and nothing else that matters. */
  readonly environment: Readonly<Record<string, string>>;
  /** How long it may take, in milliseconds. Default 30 seconds. */
  readonly limitMs?: number | undefined;
}

/** A listening socket as Node hands it between processes; `server.listen` takes it. */
export interface ListeningHandle {
  readonly port: number;
  readonly handle: { close(): void };
}

/** It starts a Node, which takes seconds on a host that is very busy. The daemon waits longer for the gateway. */
const LIMIT_MS = 30_000;
const STDERR_KEPT = 500;

/**
 * Listens on 127.0.0.1 in the network namespace of a container.
 *
 * @param container any process of the container; compared before and after, because numbers are used again.
 * @returns a socket for each port, in their order. The caller owns them: they keep the namespace alive.
 * @throws AgentdError `network_failed`.
 */
export async function openListeners(
  container: ProcessIdentity,
  ports: readonly number[],
  options: ListenerOptions,
): Promise<ListeningHandle[]> {
  const namespace = await namespaceOf(container);
  const received = await runHelper(container.pid, ports, options);
  try {
    const found = ports.map((port) => listeningOn(port, received));
    const isSame = found.every((each) => each.namespace === namespace);
    if (!isSame || !(await isAlive(container))) throw failure("the container's process has ended");
    return found.map(({ port, handle }) => ({ port, handle }));
  } catch (error) {
    for (const { handle } of received.handles) handle.close();
    throw error;
  }
}

/** @throws AgentdError when the process is not one of a container with a network of its own. */
async function namespaceOf(container: ProcessIdentity): Promise<string> {
  const own = await readlink("/proc/self/ns/net");
  const namespace = await readlink(`/proc/${container.pid}/ns/net`).catch(systemCode);
  if (!(await isAlive(container))) throw failure("the container's process has ended");
  if (namespace === "EACCES" || namespace === "EPERM") {
    throw failure(
      "agentd may not enter the namespaces of the container",
      "From inside a container of its own it cannot: run agentd on the host, or choose another network for the profile.",
    );
  }
  if (namespace === undefined || !namespace.startsWith("net:"))
    throw failure("the container's process has ended");
  if (namespace === own) throw failure("the container uses the network of the host");
  return namespace;
}

interface Received {
  readonly handles: (Extract<ListenReport, { kind: "listening" }> & Pick<ListeningHandle, "handle">)[];
  readonly failures: Extract<ListenReport, { kind: "failed" }>[];
  /** Why the helper ended too early; undefined when it did not. */
  readonly ended: string | undefined;
}

async function runHelper(
  pid: number,
  ports: readonly number[],
  { script, environment, limitMs = LIMIT_MS }: ListenerOptions,
): Promise<Received> {
  const enter = ["-t", String(pid), "-U", "-n", "--preserve-credentials", "--"];
  const helper = execa("nsenter", [...enter, process.execPath, script, ...ports.map(String)], {
    env: environment,
    extendEnv: false,
    stdin: "ignore",
    stdout: "ignore",
    maxBuffer: STDERR_KEPT,
    ipc: true,
    serialization: "json",
    // Node's own way to take messages: execa's would drop the sockets.
    buffer: { ipc: false },
    timeout: limitMs,
    killSignal: "SIGKILL",
    reject: false,
  });
  const handles: Received["handles"] = [];
  const failures: Received["failures"] = [];
  helper.on("message", (report: ListenReport, handle: unknown) => {
    if (report.kind === "failed") failures.push(report);
    else handles.push({ ...report, handle: handle as ListeningHandle["handle"] });
  });
  const { timedOut, failed, stderr, shortMessage = "" } = await helper;
  if (timedOut) return { handles, failures, ended: `it took longer than ${limitMs / 1000} s` };
  const said = typeof stderr === "string" && stderr !== "" ? stderr : shortMessage;
  return { handles, failures, ended: failed ? `nsenter failed: ${said.trim()}` : undefined };
}

function listeningOn(port: number, { handles, failures, ended }: Received): Received["handles"][number] {
  const found = handles.find((each) => each.port === port);
  if (found !== undefined) return found;
  const code = failures.find((each) => each.port === port)?.code;
  if (code === "EADDRINUSE") {
    throw failure(`a process of the container already listens on port ${port}`, "Let it use another port.");
  }
  throw failure(
    code === undefined ? (ended ?? "no socket came") : `listening on port ${port} failed: ${code}`,
  );
}

function failure(why: string, next?: string): AgentdError {
  return new AgentdError("network_failed", { tried: "open the session's network", why, next });
}
