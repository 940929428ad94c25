/** The channel as the daemon has it: found or started when it is needed, and found again when it has gone. */
import { AgentdError } from "../../errors.ts";
import type { ChannelConnection } from "../channel/control.ts";
import { type ChannelProcessOptions, reachChannel } from "./channel-process.ts";

const END_MS = 10_000;

export class ChannelLink implements Pick<ChannelConnection, "call"> {
  readonly #options: ChannelProcessOptions;
  #connection: Promise<ChannelConnection> | undefined;

  constructor(options: ChannelProcessOptions) {
    this.#options = options;
  }

  /** SHA-256 of its certificate. @throws AgentdError `placement_unknown`, `protocol_mismatch`. */
  async fingerprint(): Promise<string> {
    return (await this.#reach()).peer.fingerprint;
  }

  readonly call: ChannelConnection["call"] = async (method, params, limitMs) => {
    const connection = await this.#reach();
    try {
      return await connection.call(method, params, limitMs);
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      // It may have been killed: the next call finds or starts another, and every call may be made again.
      this.#connection = undefined;
      connection.close();
      return await (await this.#reach()).call(method, params, limitMs);
    }
  };

  /** Ends the connection, and the channel itself where no session needs it. */
  async close(isNeeded: boolean): Promise<void> {
    const connection = await this.#connection?.catch(() => undefined);
    this.#connection = undefined;
    if (connection === undefined) return;
    if (!isNeeded) await connection.call("end", {}, END_MS).catch(() => undefined); // It has gone already.
    connection.close();
  }

  async #reach(): Promise<ChannelConnection> {
    this.#connection ??= reachChannel(this.#options);
    try {
      return await this.#connection;
    } catch (error) {
      this.#connection = undefined;
      throw error;
    }
  }
}

function isUnavailable(error: unknown): boolean {
  return error instanceof AgentdError && error.code === "placement_unknown";
}
