/** FIFOs for the credentials of commands beside a session's own: one for each, in the directory of the session's gate. */
import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { open, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { AgentdError, sentence } from "../errors.ts";
import type { MakeFifo } from "../fifos.ts";
import { ifThere } from "../if-there.ts";
import { Gate } from "./gate.ts";

const PREFIX = "exec-";

/** A FIFO at which a launcher is about to wait. */
export interface ExecGate {
  /** Its name in the directory of the session's gate. */
  readonly name: string;
  /**
   * Hands the payload over once; removes the FIFO in any case, and lets a launcher that waits at it go.
   *
   * @throws as `Gate.open`.
   */
  open(payload: Uint8Array, signal: AbortSignal): Promise<void>;
}

/** @throws AgentdError `state_unusable`. */
export async function makeExecGate(directory: string, make: MakeFifo): Promise<ExecGate> {
  const name = `${PREFIX}${randomBytes(8).toString("hex")}`;
  const path = join(directory, name);
  try {
    await make(path);
  } catch (cause) {
    throw new AgentdError("state_unusable", {
      tried: `create the credentials FIFO ${path}`,
      why: sentence(cause),
      next: "Check that the runtime directory is writable and has free space.",
      cause,
    });
  }
  return {
    name,
    open: async (payload, signal) => {
      try {
        await new Gate(directory, name).open(payload, { signal, onFirstByte: () => undefined });
      } finally {
        await letGo(path);
      }
    },
  };
}

/** Removes the FIFOs that a dead daemon has left, and lets the launchers go that wait at them. */
export async function removeExecGates(directory: string): Promise<void> {
  const names = (await ifThere(readdir(directory))) ?? [];
  for (const name of names) if (name.startsWith(PREFIX)) await letGo(join(directory, name));
}

/** A launcher that has the FIFO open, or is about to, reads its end and finds it gone. */
async function letGo(path: string): Promise<void> {
  // There may be no reader, and no FIFO.
  const writer = await open(path, constants.O_WRONLY | constants.O_NONBLOCK).catch(() => undefined);
  await rm(path, { force: true });
  await writer?.close();
}
