import { mkdir, rm } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import type { JsonMap } from "@iarna/toml";
import { pathExists } from "fs-extra";
import { AGENTD, createSandbox, type Sandbox } from "./agentd.mjs";
import type { Files } from "./files.mjs";
import { Command } from "./house/command.ts";
import type { House, Running } from "./house/house.ts";
import { type RecordDirectory, recordsIn } from "./house/records.ts";
import { commit, git, makeRepository } from "./repositories.mjs";
import { until } from "./until.mjs";

const REPOSITORY = "site.git";
/** What the profile runs: the repository brings it. */
const AGENT = "agent.sh";

/** Another place where the operator types. */
export interface OtherDesk {
  start(text: string): Promise<Command>;
  close(): Promise<void>;
}

/** One scenario's view: its setup, the commands that its operator typed, and their results. */
export class World {
  readonly house: House;
  /** Keys of `[daemon]` in the configuration. */
  readonly daemonKeys: JsonMap = {};
  /** Keys of the profile that scenarios speak of. */
  readonly profileKeys: JsonMap;
  /** Keys of `[llm]`; without one there is no such table. */
  readonly llmKeys: JsonMap = {};
  /** Keys of `[web]`; without one there is no such table. */
  readonly webKeys: JsonMap = {};
  /** Further profiles. */
  readonly otherProfiles: JsonMap[] = [];
  /** Further tables of the configuration, such as `notify` and `sinks`. */
  readonly otherTables: JsonMap = {};
  /** Added to the daemon's environment. */
  readonly variables: Record<string, string> = {};
  /** What the operator's commands have in their environment besides the sandbox's, made before the first of them. */
  operatorsVariables: (() => Promise<Readonly<Record<string, string>>>) | undefined;
  /** The whole configuration file, for a scenario that writes it itself. */
  configText: string | undefined;
  /** True when the scenario does to the daemon what the next one must not meet. */
  spoilt = false;
  /** The commit that the repository was given last; undefined while there is no repository. */
  head: string | undefined;
  readonly #repository: string;
  #desk: OtherDesk | undefined;
  readonly #commands: Command[] = [];
  /** Those, and programs of the host. */
  readonly #beside: Command[] = [];
  /** Those without a daemon. */
  readonly #sandboxes: Sandbox[] = [];
  #starting: Promise<Running> | undefined;
  #running: Running | undefined;
  #earlier: ReadonlySet<string> = new Set();

  private constructor(house: House, repository: string, image: string) {
    this.house = house;
    this.#repository = repository;
    this.profileKeys = {
      name: "site-builder",
      base_image: image,
      repo: house.urlOf(REPOSITORY),
      command: ["/bin/sh", AGENT],
    };
  }

  /** A world without a repository, which the first commit makes, and without files of the host's. */
  static async open(house: House): Promise<World> {
    const repository = join(house.repositories, REPOSITORY);
    await rm(repository, { recursive: true, force: true });
    await rm(house.hostFiles, { recursive: true, force: true });
    await mkdir(house.hostFiles);
    return new World(house, repository, await house.image("busybox"));
  }

  /** Commits files, on the default branch unless another is named. */
  async commit(files: Files, { branch = "main", message = "Go on" } = {}): Promise<void> {
    const make = this.head === undefined ? makeRepository : commit;
    this.head = await make(this.#repository, { files, branch, message });
  }

  async commitAgent(script: string): Promise<void> {
    await this.commit({ [AGENT]: `${script}\n` });
  }

  /** Runs git in the bare repository. */
  async git(...args: string[]): Promise<string> {
    return await git(this.#repository, args);
  }

  /** The scenario's daemon, started when it is first needed. */
  async daemon(): Promise<Running> {
    this.#starting ??= this.#startDaemon();
    return await this.#starting;
  }

  /**
   * Starts a daemon where the scenario's last one has ended, with the configuration as it is now. Later scenarios get
   * another.
   *
   * @param options as for `Sandbox.startDaemon`; the scenario's variables are set in any case.
   */
  async startDaemonAgain({ args, env }: Parameters<Sandbox["startDaemon"]>[0] = {}): Promise<Running> {
    const { sandbox } = await this.daemon();
    this.spoilt = true;
    const { variables } = this;
    if (this.configText === undefined) await sandbox.writeConfig(this.#config);
    const daemon = await sandbox.startDaemon({ args: args ?? [], env: { ...variables, ...env } });
    if (daemon.instance === undefined) throw new Error("the daemon is ready and has no instance");
    this.#running = { daemon, instance: daemon.instance, sandbox };
    this.#starting = Promise.resolve(this.#running);
    return this.#running;
  }

  /** Writes the configuration as it is now, under the daemon that runs. Later scenarios get another. */
  async saveConfiguration(): Promise<void> {
    this.spoilt = true;
    await (await this.daemon()).sandbox.writeConfig(this.#config);
  }

  /** From now on, commands are typed there; the world closes it. */
  moveTo(desk: OtherDesk): void {
    this.#desk = desk;
  }

  /** Starts a command beside the scenario's daemon, or with the configuration that the scenario has written. */
  async start(text: string): Promise<Command> {
    if (this.#desk !== undefined) {
      const command = await this.#desk.start(text);
      this.#beside.push(command);
      return await this.#typed(command);
    }
    const sandbox = this.configText === undefined ? (await this.daemon()).sandbox : await this.#newSandbox();
    return await this.#start(await this.fill(text), sandbox);
  }

  /** Starts a command where no daemon runs. */
  async startWithoutDaemon(text: string): Promise<Command> {
    return await this.#start(text, await this.#newSandbox());
  }

  /** The command that was typed last. */
  get command(): Command {
    const last = this.#commands.at(-1);
    if (last === undefined) throw new Error("the operator has not typed anything yet");
    return last;
  }

  /** The command that was started last with exactly these words. */
  commandOf(text: string): Command {
    const found = this.#commands.findLast((command) => command.text === text);
    if (found === undefined) throw new Error(`the operator has not typed \`${text}\``);
    return found;
  }

  get commands(): readonly Command[] {
    return this.#commands;
  }

  /** The records of this scenario's sessions, oldest first. */
  async records(): Promise<RecordDirectory[]> {
    const { sandbox } = await this.daemon();
    return (await recordsIn(sandbox.auditRoot)).filter(({ id }) => !this.#earlier.has(id));
  }

  /** The record of the session that was accepted last. */
  async record(): Promise<RecordDirectory> {
    const last = (await this.records()).at(-1);
    if (last === undefined) throw new Error("no session was recorded");
    return last;
  }

  /** The record of the session with that work unit. */
  async recordOf(workUnit: string): Promise<RecordDirectory> {
    for (const record of await this.records()) {
      if ((await record.document()).work_unit === workUnit) return record;
    }
    throw new Error(`no session with the work unit ${workUnit} was recorded`);
  }

  /** Resolves once a session is in a state: in `sealed` once its daemon has nothing more to do for it, too. */
  async reaches(record: RecordDirectory, state: string): Promise<void> {
    await until(`state ${state} of session ${record.id}`, async () => (await record.state()) === state);
    if (state !== "sealed") return;
    const { sandbox } = await this.daemon();
    const entry = join(sandbox.stateDirectory, "open", record.id);
    await until(`the end of ${entry}`, async () => !(await pathExists(entry)));
  }

  /** Where the host's files of this scenario are: HERE in what scenarios say. */
  here(text: string): string {
    return text.replaceAll("HERE", this.house.hostFiles);
  }

  /** Puts in what scenarios cannot know: SESSION (the last one), SHORT (its short form), HASH (the last commit) and REPOSITORY (its URL). */
  async fill(text: string): Promise<string> {
    const filled = this.here(text)
      .replaceAll("HASH", this.head ?? "HASH")
      .replaceAll("REPOSITORY", this.house.urlOf(REPOSITORY));
    if (!/SESSION|SHORT/.test(filled)) return filled;
    const { id } = await this.record();
    return filled.replaceAll("SESSION", id).replaceAll("SHORT", id.slice(-6));
  }

  /** Everything that was typed, with its results, for reading why a scenario failed. */
  story(): string {
    const log = this.#running === undefined ? [] : [this.#running.daemon.log];
    return [...log, ...this.#beside.map((command) => command.story())].join("\n\n");
  }

  /** Ends what the scenario left running; a daemon that it has changed for good is not reused. */
  async close(): Promise<void> {
    for (const command of this.#beside) command.signal("SIGKILL");
    await this.#desk?.close();
    if (this.#running !== undefined && !(await this.#isClean())) await this.house.discard(this.#running);
    for (const sandbox of this.#sandboxes) await sandbox.close();
  }

  get #config(): JsonMap {
    const some = (name: string, keys: JsonMap): JsonMap =>
      Object.keys(keys).length === 0 ? {} : { [name]: keys };
    const tables = { ...some("llm", this.llmKeys), ...some("web", this.webKeys), ...this.otherTables };
    return { daemon: this.daemonKeys, ...tables, profiles: [this.profileKeys, ...this.otherProfiles] };
  }

  async #startDaemon(): Promise<Running> {
    this.#running = await this.house.daemon({ config: this.#config, variables: this.variables });
    this.#earlier = new Set((await recordsIn(this.#running.sandbox.auditRoot)).map(({ id }) => id));
    return this.#running;
  }

  async #isClean(): Promise<boolean> {
    if (this.spoilt) return false;
    const states = await Promise.all((await this.records()).map((record) => record.state()));
    return states.every((state) => state === "sealed");
  }

  async #newSandbox(): Promise<Sandbox> {
    const sandbox = await createSandbox();
    this.#sandboxes.push(sandbox);
    const profiles = { profiles: [this.profileKeys] };
    await sandbox.writeConfig(this.configText ?? profiles);
    return sandbox;
  }

  /** Starts a program of the world's host beside its daemon; it is none of the operator's commands. */
  async startBeside(text: string): Promise<Command> {
    return this.#spawn(text, (await this.daemon()).sandbox, {});
  }

  #spawn(text: string, { env }: Sandbox, variables: Readonly<Record<string, string>>): Command {
    const path = [dirname(AGENTD), env["PATH"]].join(delimiter);
    const command = new Command(text, { ...env, ...variables, PATH: path });
    this.#beside.push(command);
    return command;
  }

  async #start(text: string, sandbox: Sandbox): Promise<Command> {
    return await this.#typed(this.#spawn(text, sandbox, (await this.operatorsVariables?.()) ?? {}));
  }

  async #typed(command: Command): Promise<Command> {
    this.#commands.push(command);
    // From then on the session can be looked at. On a terminal all is one output, and a line may be gone again.
    if (/^(?!script ).*\bagentd run (?!.*--detach)/.test(command.text)) {
      const accepted = () => command.exitCode !== undefined || command.stderr.includes("accepted");
      await until(`acceptance of \`${command.text}\``, accepted);
    }
    return command;
  }
}
