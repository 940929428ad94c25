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

export class AgentAtWork {
  readonly desk: Desk;
  readonly built: BuiltAgent;
  /** The provider's key, and one that it does not take. */
  readonly key: string;
  readonly revokedKey: string;
  readonly allowed: Page;
  readonly denied: Page;
  /** What the person did before the first run, in milliseconds: the whole, and the image alone. */
  readonly setUpMs: number;
  readonly buildMs: number;
  readonly #provider: Provider;
  readonly #onLastTurn: { call: () => Promise<void> };

  private constructor(parts: {
    desk: Desk;
    built: BuiltAgent;
    keys: readonly [string, string];
    pages: { allowed: Page; denied: Page };
    times: readonly [number, number];
    provider: Provider;
    onLastTurn: { call: () => Promise<void> };
  }) {
    this.desk = parts.desk;
    this.built = parts.built;
    [this.key, this.revokedKey] = parts.keys;
    ({ allowed: this.allowed, denied: this.denied } = parts.pages);
    [this.setUpMs, this.buildMs] = parts.times;
    this.#provider = parts.provider;
    this.#onLastTurn = parts.onLastTurn;
  }

  /** From an empty home to a daemon that runs: `agentd init`, `agentd image build`, and the edits of a person. */
  static async begin(agent: string, options: AgentOptions = {}): Promise<AgentAtWork> {
    const desk = await Desk.open(agent);
    const dialect = options.dialect ?? desk.definition.dialect;
    if (dialect === undefined) throw new Error(`the definition of ${agent} has no dialect`);
    const [key, revokedKey] = [makeSecret(), makeSecret()];
    const pages = { allowed: await servePage(), denied: await servePage() };
    const onLastTurn = { call: async () => {} };
    const provider = await startProvider({
      tools: toolsOf(agent, dialect),
      key,
      lookAround: lookAround(pages),
      onLastTurn: () => onLastTurn.call(),
    });
    const begun = performance.now();
    await desk.init();
    const buildBegun = performance.now();
    const built = await desk.build();
    const buildMs = performance.now() - buildBegun;
    const offered = { dialect, base_url: provider.url };
    const own = { allow: [pages.allowed.host], ...options.keys };
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
    await desk.giveKeys({ PROVIDER_KEY: key, REVOKED_KEY: revokedKey });
    await desk.startDaemon();
    const times = [performance.now() - begun, buildMs] as const;
    return new AgentAtWork({ desk, built, keys: [key, revokedKey], pages, times, provider, onLastTurn });
  }

  /**
   * Has a profile's agent do the task, to whatever end.
   *
   * @param onLastTurn is called, and awaited, before the model's last answer.
   */
  async run(profile: string, onLastTurn: () => Promise<void> = async () => {}): Promise<AgentRun> {
    this.#onLastTurn.call = onLastTurn;
    return await this.desk.run(
      profile,
      `Add a greeting to the repository in /home/${profile}/repo, and commit it.`,
    );
  }

  /** What the model was told, and its tools, as JSON. */
  get longestRequest(): string {
    return this.#provider.longestRequest();
  }

  /** What the first command of a session found out: a file of `.runa` in its record. */
  async found(run: AgentRun, file: "allowed" | "denied" | "root"): Promise<string> {
    return await readFile(join(run.record, "runa", file), "utf8");
  }

  /** In a line: the agent and its image. */
  imageText(): string {
    const { version, size_bytes: size, is_new: isNew } = this.built;
    const how = isNew ? `built in ${spanText(this.buildMs)}` : "there already";
    return `${this.desk.agent} ${version}, image of ${sizeText(size)} ${how}`;
  }

  async close(): Promise<void> {
    await this.#provider.close();
    this.allowed.close();
    this.denied.close();
    await this.desk.close();
  }
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
