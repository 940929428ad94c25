/** One agent at a desk: with a scripted model, a repository, a page that it may reach and one that it may not. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { JsonMap } from "@iarna/toml";
import { sizeText } from "../../../src/cli/words/size-text.ts";
import { spanText } from "../../../src/cli/words/time-text.ts";
import type { DialectName } from "../../../src/llm/prices/types.ts";
import { makeSecret } from "../secrets.mjs";
import { type AgentRun, type BuiltAgent, Desk } from "./desk.ts";
import { MCP_SERVER, writeSkill } from "./gifts.ts";
import { lookAround, type Page, servePage } from "./pages.ts";
import { PRICE, type Provider, startProvider, THREE_ANSWERS } from "./provider.ts";
import { toolsOf } from "./tools.ts";

export interface AgentOptions {
  /** Of the models; default: the definition's. */
  readonly dialect?: DialectName;
  /** Keys of the profile, where the definition is not all. */
  readonly keys?: JsonMap;
}

/** The profiles besides the agent's own: one with a small budget, and one whose key was revoked. */
export const POOR = "poor";
export const REFUSED = "refused";

interface Parts {
  readonly desk: Desk;
  readonly key: string;
  readonly allowed: Page;
  readonly denied: Page;
  readonly provider: Provider;
  readonly lastTurn: { call: () => Promise<void> };
}

export class AgentAtWork {
  readonly desk: Desk;
  /** The provider's key, and one that it does not take. */
  readonly key: string;
  readonly revokedKey = makeSecret();
  readonly allowed: Page;
  readonly denied: Page;
  readonly #provider: Provider;
  readonly #lastTurn: Parts["lastTurn"];
  #imageText = "";
  #setUpMs = 0;

  private constructor({ desk, key, allowed, denied, provider, lastTurn }: Parts) {
    this.desk = desk;
    this.key = key;
    this.allowed = allowed;
    this.denied = denied;
    this.#provider = provider;
    this.#lastTurn = lastTurn;
  }

  /** From an empty home to a daemon that runs: `agentd init`, `agentd image build`, and the edits of a person. */
  static async begin(agent: string, { dialect, keys }: AgentOptions = {}): Promise<AgentAtWork> {
    const desk = await Desk.open(agent);
    const spoken = dialect ?? desk.definition.dialect;
    if (spoken === undefined) throw new Error(`the definition of ${agent} has no dialect`);
    const key = makeSecret();
    const [allowed, denied] = [await servePage(), await servePage()];
    const lastTurn = { call: async () => {} };
    const provider = await startProvider({
      tools: toolsOf(agent, spoken),
      key,
      lookAround: lookAround({ allowed, denied }),
      onLastTurn: () => lastTurn.call(),
    });
    const at = new AgentAtWork({ desk, key, allowed, denied, provider, lastTurn });
    try {
      await at.#setUp(spoken, keys);
      return at;
    } catch (error) {
      await at.close();
      throw error;
    }
  }

  /** What the person did before the first run, in milliseconds. */
  get setUpMs(): number {
    return this.#setUpMs;
  }

  /** In a line: the agent and its image. */
  get imageText(): string {
    return this.#imageText;
  }

  async #setUp(dialect: DialectName, keys: JsonMap = {}): Promise<void> {
    const { desk } = this;
    const begun = performance.now();
    await desk.init();
    const buildBegun = performance.now();
    this.#imageText = imageText(desk.agent, await desk.build(), performance.now() - buildBegun);
    const offered = { dialect, base_url: this.#provider.url };
    const own = { allow: [this.allowed.host], ...keys };
    const gifts = {
      skills: [await writeSkill(desk.sandbox.directory)],
      ...(desk.definition.mcp === undefined ? {} : { mcp_servers: [MCP_SERVER] }),
    };
    await desk.configure(
      { ...own, ...gifts, llm: { providers: ["mock"], max_usd: 5 } },
      {
        profiles: [
          { name: POOR, ...own, llm: { providers: ["mock"], max_usd: THREE_ANSWERS } },
          { name: REFUSED, ...own, llm: { providers: ["revoked"], max_usd: 5 } },
        ],
        llm: {
          providers: [
            { name: "mock", key_source: "PROVIDER_KEY", ...offered },
            { name: "revoked", key_source: "REVOKED_KEY", ...offered },
          ],
          prices: [PRICE],
        },
      },
    );
    await desk.giveKeys({ PROVIDER_KEY: this.key, REVOKED_KEY: this.revokedKey });
    await desk.startDaemon();
    this.#setUpMs = performance.now() - begun;
  }

  /**
   * Has a profile's agent do the task, to whatever end.
   *
   * @param onLastTurn is called, and awaited, before the model's last answer.
   */
  async run(profile: string, onLastTurn: () => Promise<void> = async () => {}): Promise<AgentRun> {
    this.#lastTurn.call = onLastTurn;
    return await this.desk.run(
      profile,
      `Add a greeting to the repository in /home/${profile}/repo, and commit it.`,
    );
  }

  /** What the model was told, and its tools, in all requests so far, as JSON. */
  get requests(): string {
    return this.#provider.requests();
  }

  /** What the first command of a session found out: a file of `.runa` in its record. */
  async found(run: AgentRun, file: "allowed" | "denied" | "root"): Promise<string> {
    return await readFile(join(run.record, "runa", file), "utf8");
  }

  async close(): Promise<void> {
    await this.#provider.close();
    this.allowed.close();
    this.denied.close();
    await this.desk.close();
  }
}

function imageText(
  agent: string,
  { version, size_bytes: size, is_new: isNew }: BuiltAgent,
  ms: number,
): string {
  return `${agent} ${version}, image of ${sizeText(size)} ${isNew ? `built in ${spanText(ms)}` : "there already"}`;
}

/** In a line: how a run ended, and how soon after the gateway refused a request, if it did. */
export function runText({ document, ledger }: AgentRun): string {
  const { outcome, exit_code: code, signal, start_timestamp: start, end_timestamp: end } = document;
  const refusal = ledger.find((line) => line.includes('"kind":"refused"'));
  const took = `${outcome} (${code ?? signal}) ${secondsBetween(start, end)} s after its start`;
  if (refusal === undefined) return took;
  const { time } = JSON.parse(refusal) as { readonly time: string };
  return `${took}, ${secondsBetween(time, end)} s after the first refusal`;
}

function secondsBetween(from: string | null, to: string | null): string {
  return ((Date.parse(to ?? "") - Date.parse(from ?? "")) / 1_000).toFixed(1);
}
