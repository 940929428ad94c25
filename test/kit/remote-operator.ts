/** An operator on another machine: with a home, contexts and a terminal of their own, and ssh to where a world lives. */
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { execa } from "execa";
import { AGENTD } from "./agentd.mjs";
import { Command } from "./house/command.ts";
import { type SshServer, startSshServer } from "./ssh-server.mjs";
import { Terminal } from "./terminal.ts";
import type { World } from "./world.ts";

export class RemoteOperator {
  /** Of the world's host; its `url` is the address. */
  readonly server: SshServer;
  /** The operator's whole environment. */
  readonly env: NodeJS.ProcessEnv;
  /** Where the operator works: commands start here. */
  readonly directory: string;
  readonly #top: string;
  readonly #world: World;
  readonly #commands: Command[] = [];

  private constructor(world: World, server: SshServer, top: string) {
    this.#world = world;
    this.server = server;
    this.#top = top;
    this.directory = join(top, "desk");
    this.env = {
      PATH: [join(top, "bin"), server.variables.PATH].join(delimiter),
      SSH_AUTH_SOCK: server.variables.SSH_AUTH_SOCK,
      LANG: "C.UTF-8",
      TERM: "xterm",
      HOME: join(top, "home"),
      XDG_CONFIG_HOME: join(top, "home", ".config"),
      XDG_RUNTIME_DIR: join(top, "run"),
    };
  }

  /**
   * Starts an ssh server on the world's host, with the world's environment, and makes an operator elsewhere.
   *
   * @param program what is started there as agentd; default: this one.
   */
  static async open(world: World, { program = AGENTD } = {}): Promise<RemoteOperator> {
    const { sandbox } = await world.daemon();
    const top = await mkdtemp(join(tmpdir(), "agentd-op-"));
    for (const name of ["desk", "home", "run", "bin", "there", "ssh"]) await mkdir(join(top, name));
    await chmod(join(top, "run"), 0o700);
    await symlink(AGENTD, join(top, "bin", "agentd"));
    await symlink(program, join(top, "there", "agentd"));
    const PATH = [join(top, "there"), dirname(process.execPath), sandbox.env["PATH"]].join(delimiter);
    const server = await startSshServer(join(top, "ssh"), { variables: { ...sandbox.env, PATH } });
    return new RemoteOperator(world, server, top);
  }

  /** HOST in what an operator types is the address of the world's host; the rest is as in a world. */
  async #fill(text: string): Promise<string> {
    return (await this.#world.fill(text)).replaceAll("HOST", this.server.url);
  }

  /** Starts a command, and leaves it running. */
  async start(text: string, env: NodeJS.ProcessEnv = {}): Promise<Command> {
    const filled = await this.#fill(text);
    const command = new Command(`env -C ${this.directory} ${filled}`, { ...this.env, ...env });
    this.#commands.push(command);
    return command;
  }

  /** Runs a command to its end, with any exit code. */
  async run(text: string, env: NodeJS.ProcessEnv = {}): Promise<Command> {
    const command = await this.start(text, env);
    await command.end();
    return command;
  }

  /** Runs a command on a terminal. */
  async onTerminal(text: string): Promise<Terminal> {
    return new Terminal(`cd ${this.directory}; ${await this.#fill(text)}`, this.env);
  }

  /** Writes a file where the operator works. */
  async writeFile(name: string, content: string | Buffer): Promise<void> {
    await writeFile(join(this.directory, name), content);
  }

  /** Kills every ssh of the operator, with the connection that commands share. */
  async killSsh(): Promise<void> {
    await execa("pkill", ["-KILL", "-f", `UserKnownHostsFile=${this.server.knownHostsFile}`], {
      reject: false,
    });
  }

  story(): string {
    return this.#commands.map((command) => command.story()).join("\n\n");
  }

  async close(): Promise<void> {
    for (const command of this.#commands) command.signal("SIGKILL");
    await this.server.close();
    await rm(this.#top, { recursive: true, force: true });
  }
}
