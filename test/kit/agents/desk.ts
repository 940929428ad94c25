/**
 * A person with an empty home who has an agent work in five minutes, as the tutorial says: types the commands, and edits
 * the files that they have made.
 */
import { appendFile, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { type JsonMap, stringify } from "@iarna/toml";
import type { AgentDefinition } from "../../../src/config/agent-definition.ts";
import { requireAgent } from "../../../src/config/agent-files.ts";
import type { SessionDocument } from "../../../src/session-document.ts";
import { createSandbox, type Sandbox } from "../agentd.mjs";
import { recordsIn } from "../house/records.ts";
import { makeRepository } from "../repositories.mjs";
import { REPOSITORY } from "./gifts.ts";

const SHIPPED = resolve(import.meta.dirname, "../../../agents");
/** What reaching a registry may need. */
const OF_NPM =
  /^(?:npm_config_(?:registry|cafile|proxy|https_proxy|noproxy|strict_ssl)|NODE_EXTRA_CA_CERTS)$/;
/** Bounds how long a hang of a build lasts. */
const BUILD_TIMEOUT_MS = 1_200_000;

export interface BuiltAgent {
  readonly version: string;
  readonly size_bytes: number;
  readonly is_new: boolean;
}

/** What `agentd run` came to. */
export interface AgentRun {
  readonly exitCode: number | undefined;
  readonly document: SessionDocument;
  /** Directory of the record. */
  readonly record: string;
  /** Lines of `llm.jsonl`. */
  readonly ledger: readonly string[];
  /** Everything, for reading why it failed. */
  readonly story: string;
}

/** One person's desk. Whoever makes one closes it. */
export class Desk {
  readonly sandbox: Sandbox;
  readonly agent: string;
  /** As agentd brings it. */
  readonly definition: AgentDefinition;
  readonly #repository: string;

  private constructor(sandbox: Sandbox, definition: AgentDefinition) {
    this.sandbox = sandbox;
    this.definition = definition;
    this.agent = definition.name;
    this.#repository = join(sandbox.directory, "demo.git");
  }

  /** @param agent one that agentd brings. */
  static async open(agent: string): Promise<Desk> {
    const sandbox = await createSandbox();
    Object.assign(sandbox.env, npmSettings());
    const places = { own: sandbox.directory, shipped: SHIPPED };
    const desk = new Desk(sandbox, await requireAgent(agent, places, "test it"));
    await makeRepository(desk.#repository, { files: REPOSITORY });
    return desk;
  }

  /** Where the credentials are that `agentd init` asks for. */
  get credentialsFile(): string {
    return join(this.sandbox.directory, "config", "agentd", "credentials.env");
  }

  /** `agentd init`. @returns what it prints, whose last lines say what to do next. */
  async init(): Promise<string> {
    return await this.type(["init", "--agent", this.agent, "--repo", this.#repository]);
  }

  /** `agentd image build`. */
  async build(): Promise<BuiltAgent> {
    const printed = await this.type(["image", "build", this.agent, "--json"], BUILD_TIMEOUT_MS);
    return JSON.parse(printed) as BuiltAgent;
  }

  /**
   * Edits the configuration that `agentd init` has made: more keys for its profile, profiles beside it, and language
   * models. agentd accepts what comes out.
   */
  async configure(
    keys: JsonMap,
    { profiles, llm }: { profiles: readonly JsonMap[]; llm: JsonMap },
  ): Promise<void> {
    const { configFile } = this.sandbox;
    // Its profile is the last thing in the file.
    const added = stringify({ profiles: [keys] })
      .replace("[[profiles]]\n", "")
      .replaceAll(/^ +/gm, "");
    const repo = this.#repository;
    const beside = profiles.map((profile) => ({ agent: this.agent, repo, ...profile }));
    await appendFile(configFile, [added, stringify({ profiles: beside }), stringify({ llm })].join("\n"));
    await this.type(["config", "check"]);
  }

  /** Puts lines into the file of credentials. */
  async giveKeys(keys: Readonly<Record<string, string>>): Promise<void> {
    const lines = Object.entries(keys).map(([name, value]) => `${name}=${value}\n`);
    await appendFile(this.credentialsFile, lines.join(""));
  }

  async startDaemon(): Promise<void> {
    await this.sandbox.startDaemon();
  }

  /** `agentd run` to its end, whatever that is. */
  async run(profile: string, request: string): Promise<AgentRun> {
    const { exitCode, stdout, stderr } = await this.sandbox.run(["run", profile, "--request", request]);
    const record = (await recordsIn(this.sandbox.auditRoot)).findLast(({ path }) =>
      path.includes(`/${profile}/`),
    );
    if (record === undefined) throw new Error(`no session of ${profile}: ${stderr}`);
    const document = await record.document();
    const ledger = await readFile(join(record.path, "agentd/llm.jsonl"), "utf8").catch(() => "");
    const story = [stdout.toString(), stderr, ledger, JSON.stringify(document)].join("\n");
    const lines = ledger.split("\n").filter((line) => line !== "");
    return { exitCode, document, record: record.path, ledger: lines, story };
  }

  /** What agentd brings along about a model, whatever this person's configuration says. Throws where that is nothing. */
  async priceOf(model: string): Promise<void> {
    const env = { AGENTD_CONFIG: undefined };
    const { exitCode, stderr } = await this.sandbox.run(["prices", model], { env });
    if (exitCode !== 0) throw new Error(`${this.agent} uses ${model}: ${stderr}`);
  }

  /** Types a command that has to succeed. @returns what it prints. */
  async type(args: readonly string[], timeoutMs?: number): Promise<string> {
    const options = timeoutMs === undefined ? {} : { timeoutMs };
    const { exitCode, stdout, stderr } = await this.sandbox.run(args, options);
    if (exitCode === 0) return stdout.toString();
    throw new Error(`agentd ${args.join(" ")} exited ${exitCode}: ${stdout.toString()}${stderr}`);
  }

  async close(): Promise<void> {
    await this.sandbox.close();
  }
}

/** npm's settings of this host, and its cache: agents share their Node.js. */
function npmSettings(): Record<string, string | undefined> {
  const own = Object.entries(process.env).filter(([name]) => OF_NPM.test(name));
  return { npm_config_cache: join(homedir(), ".npm"), ...Object.fromEntries(own) };
}
