/** ssh to one host: the connection that commands share, and how a command is started there. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { execa } from "execa";
import { ensureDirectory } from "../durable-files.ts";
import type { Environment } from "../environment.ts";
import { AgentdError } from "../errors.ts";
import { shellLine } from "./quote.ts";
import type { RemoteHost } from "./selection.ts";

export interface SshSurroundings {
  /** The operator's whole environment: ssh is the one that the operator types, with its agent and its variables. */
  readonly env: Environment;
  /** For sockets of connections that commands share; undefined: each command connects for itself. */
  readonly controlDirectory: string | undefined;
  /** Whether ssh may ask the operator for a password or a host's key. */
  readonly mayAsk: boolean;
  /** How long a connection may take to come about, in seconds; undefined: as ssh is configured. */
  readonly connectSeconds?: number | undefined;
}

/** How long a connection stays that no command uses. */
const PERSIST = "ControlPersist=60";

/** A host that does not answer for so long, in seconds, is away. */
const ALIVE = ["-o", "ServerAliveInterval=10", "-o", "ServerAliveCountMax=3"];

/** Only errors; and no character of a session's input is for ssh itself. */
const QUIET = ["-o", "LogLevel=ERROR", "-o", "EscapeChar=none"];

/** Of shells that do not belong to a login, PATH often lacks the directory where npm installs for one user. */
const FIND_PROGRAM = 'PATH=$PATH:$HOME/.local/bin; export PATH; exec "$@"';

/** ssh's own exit code: there is no connection. */
export const NO_CONNECTION = 255;
/** The exit code of a shell that finds no such program. */
const NO_PROGRAM = 127;

export class Ssh {
  readonly remote: RemoteHost;
  readonly env: Environment;
  readonly #surroundings: SshSurroundings;
  #sharing: Promise<readonly string[] | undefined> | undefined;

  constructor(remote: RemoteHost, surroundings: SshSurroundings) {
    this.remote = remote;
    this.env = surroundings.env;
    this.#surroundings = surroundings;
  }

  /**
   * Makes the connection that commands share, unless it is there. ssh asks for what it needs on the terminal.
   *
   * @param tried what for, as a phrase after "cannot".
   * @throws AgentdError `host_unreachable`.
   */
  async connect(tried: string): Promise<void> {
    const sharing = await this.#shared();
    if (sharing === undefined || (await this.isConnected())) return;
    const master = ["-M", "-N", "-f", "-o", PERSIST];
    const { exitCode, stderr } = await this.#run([...master, ...sharing, this.remote.address]);
    if (exitCode !== 0) throw unreachable(this.remote, tried, stderr);
  }

  /** Whether the connection is there; false where commands do not share one. */
  async isConnected(): Promise<boolean> {
    const sharing = await this.#shared();
    if (sharing === undefined) return false;
    return (await this.#run([...sharing, "-O", "check", this.remote.address])).exitCode === 0;
  }

  /**
   * The arguments that make ssh start agentd there.
   *
   * @param words what follows the program's name.
   * @param hasTerminal whether it gets a terminal.
   */
  async args(words: readonly string[], { hasTerminal = false } = {}): Promise<string[]> {
    return [...this.#options(), ...(await this.#starting(words, hasTerminal))];
  }

  /**
   * What is wrong on a host on which a command could not be started; undefined where nothing is, so that the failure
   * is the command's own.
   *
   * @param tried as a phrase after "cannot".
   * @param version of this agentd.
   */
  async fault(tried: string, version: string): Promise<AgentdError | undefined> {
    const { remote } = this;
    const { exitCode, stdout, stderr } = await this.#run(await this.#starting(["--version"], false));
    if (exitCode === NO_CONNECTION) return unreachable(remote, tried, stderr);
    if (exitCode === NO_PROGRAM) return unsuitable(remote, tried, `${remote.program} is not found there`);
    const [, there] = /^agentd (\S+)$/m.exec(stdout) ?? [];
    if (there === version) return undefined;
    return there === undefined
      ? unsuitable(remote, tried, `${remote.program} there does not say which agentd it is`)
      : otherVersion(remote, tried, { here: version, there });
  }

  async #starting(words: readonly string[], hasTerminal: boolean): Promise<string[]> {
    const { NO_COLOR: noColour } = this.env;
    const variables = noColour ? ["env", `NO_COLOR=${noColour}`] : [];
    const line = shellLine(["sh", "-c", FIND_PROGRAM, "sh", ...variables, this.remote.program, ...words]);
    return [...((await this.#shared()) ?? []), hasTerminal ? "-t" : "-T", this.remote.address, line];
  }

  #options(): string[] {
    const { mayAsk, connectSeconds } = this.#surroundings;
    return [
      ...QUIET,
      ...ALIVE,
      ...(mayAsk ? [] : ["-o", "BatchMode=yes"]),
      ...(connectSeconds === undefined ? [] : ["-o", `ConnectTimeout=${connectSeconds}`]),
    ];
  }

  /** Options that name the socket; none where the operator's own configuration does; undefined without sockets. */
  async #shared(): Promise<readonly string[] | undefined> {
    this.#sharing ??= this.#findShared();
    return await this.#sharing;
  }

  async #findShared(): Promise<readonly string[] | undefined> {
    const { stdout } = await this.#run(["-G", this.remote.address]);
    if (/^controlpath (?!none$)/im.test(stdout)) return [];
    const { controlDirectory } = this.#surroundings;
    if (controlDirectory === undefined) return undefined;
    await ensureDirectory(controlDirectory, 0o700);
    // Short: a socket's path has a limit. ssh reads `%` as the beginning of a placeholder.
    const name = createHash("sha256").update(this.remote.address).digest("hex").slice(0, 12);
    return ["-o", `ControlPath=${join(controlDirectory, name).replaceAll("%", "%%")}`];
  }

  async #run(args: readonly string[]): Promise<{ exitCode: number; stdout: string; stderr: string }> {
    const { exitCode, stdout, stderr, message } = await execa("ssh", [...this.#options(), ...args], {
      env: this.env,
      extendEnv: false,
      stdin: "ignore",
      reject: false,
    });
    if (exitCode === undefined)
      return { exitCode: NO_CONNECTION, stdout: "", stderr: message ?? "ssh was ended" };
    return { exitCode, stdout, stderr };
  }
}

/** @param stderr what ssh said. */
export function unreachable({ name, address }: RemoteHost, tried: string, stderr: string): AgentdError {
  const said = stderr.trim().split("\n").at(-1)?.trim() ?? "";
  return new AgentdError("host_unreachable", {
    tried,
    why: `ssh does not reach ${name}: ${said === "" ? "it gave no reason" : said}`,
    next: `Try \`ssh ${address}\`. A host's key that is new, or a password, is asked for on a terminal only.`,
  });
}

/** The host has another agentd. */
export function otherVersion(
  remote: RemoteHost,
  tried: string,
  { here, there }: { readonly here: string; readonly there: string },
): AgentdError {
  return unsuitable(remote, tried, `it has agentd ${there}, and this is agentd ${here}`);
}

/** The host has no agentd that can be used. */
export function unsuitable({ name, address }: RemoteHost, tried: string, why: string): AgentdError {
  return new AgentdError("host_unsuitable", {
    tried: `${tried} on ${name}`,
    why,
    next:
      `Install the same version on both. Where it is in no directory of PATH there, name it:\n` +
      `agentd context add NAME ${address} --program /PATH/TO/agentd`,
    details: { host: name },
  });
}
