/** The channel as the program that it is, in a directory of the test's own; killed and started again by tests. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { CHANNEL_CONTROL, type ChannelConnection } from "../../src/placement/channel/control.ts";
import { ControlConnection } from "../../src/rpc/control-connection.ts";
import { until } from "./until.mjs";

const SCRIPT = fileURLToPath(new URL("../../dist/placement.cjs", import.meta.url));
const VERSION = "0.1.0";

export class ChannelProgram {
  /** Everything lies below it. */
  readonly directory: string;
  #process: ReturnType<typeof spawn> | undefined;
  #connection: ChannelConnection | undefined;
  #port = 0;

  /** @param directory existing, private to the user, and short: a socket lies in it. */
  constructor(directory: string) {
    this.directory = directory;
  }

  get connection(): ChannelConnection {
    if (this.#connection === undefined) throw new Error("the channel does not run");
    return this.#connection;
  }

  /** Where runners reach it; the same after every start. */
  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  get fingerprint(): string {
    return this.connection.peer.fingerprint;
  }

  /** @param variables of its environment. */
  async start(variables: Readonly<Record<string, string>> = {}): Promise<void> {
    await mkdir(join(this.directory, "state"), { recursive: true });
    const socket = join(this.directory, "channel.sock");
    this.#process = spawn([socket, join(this.directory, "state"), this.address], variables);
    let ended = false;
    void this.#process.then(() => (ended = true));
    this.#connection = await until("an answer of the channel", async () => {
      if (ended) throw new Error(`the channel has ended: ${(await this.#process)?.stderr}`);
      return await ControlConnection.open(CHANNEL_CONTROL, socket, VERSION, 10_000);
    });
    this.#port = this.connection.peer.port;
  }

  /** As a crash would. */
  async kill(): Promise<void> {
    this.#process?.kill("SIGKILL");
    await this.#process;
  }

  /** Ends it as the daemon does. */
  async end(): Promise<{ exitCode?: number | undefined; stderr: string }> {
    await this.connection.call("end", {}, 10_000);
    this.connection.close();
    const { exitCode, stderr } = (await this.#process) ?? { stderr: "" };
    return { exitCode, stderr };
  }
}

function spawn(args: readonly string[], variables: Readonly<Record<string, string>>) {
  return execa(process.execPath, [SCRIPT, ...args], { extendEnv: false, env: variables, reject: false });
}
