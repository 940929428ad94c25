/**
 * The two processes that a running container has on the host. When conmon has died, the engine reports `running` for
 * ever, so agentd looks at them itself.
 */
import { basename } from "node:path";
import { identifyProcess, isAlive, type ProcessIdentity } from "../../process-identity.ts";
import { commandLine } from "../../programs/process-table.ts";
import type { InspectReply } from "../service/replies.ts";

export class ContainerProcesses {
  /** Undefined until they are seen; null when they were gone at first sight. */
  #conmon: ProcessIdentity | null | undefined;
  #first: ProcessIdentity | null | undefined;

  /** Remembers the two processes, from what the engine says about a running container. */
  async note(state: InspectReply["State"]): Promise<void> {
    this.#conmon ??= await identifyConmon(state.ConmonPid);
    this.#first ??= (await identifyProcess(state.Pid)) ?? null;
  }

  /** Why the container can no longer end; undefined while both live, and before they were seen. */
  async whyLost(): Promise<string | undefined> {
    if (await isGone(this.#conmon)) return "conmon, which watches the container, has died";
    if (await isGone(this.#first)) return "its first process is gone, but Podman has not recorded its exit";
    return undefined;
  }

  /** Whether both were seen and live. */
  async areAlive(): Promise<boolean> {
    return this.#conmon !== undefined && (await this.whyLost()) === undefined;
  }
}

/** A pid may have been reused before agentd saw it for the first time, as after a restart. */
async function identifyConmon(pid: number): Promise<ProcessIdentity | null> {
  const identity = await identifyProcess(pid);
  const program = basename((await commandLine(pid))?.[0] ?? "");
  return identity !== undefined && program === "conmon" ? identity : null;
}

async function isGone(process: ProcessIdentity | null | undefined): Promise<boolean> {
  if (process === undefined) return false;
  return process === null || !(await isAlive(process));
}
