/** What is found in a body that costs more than its bytes say, reaches what is stored, or has no bound at all. */
import { beginningOf, type JsonNode, textOf } from "../json/node.ts";
import type { CacheWrite } from "../prices/types.ts";
import { Refusal } from "./refusal.ts";
import type { Judge } from "./types.ts";

/** How many things without a bound are listed. */
const LISTED = 20;
/** Searches that are reserved where the request sets no limit. */
const SEARCHES = 10;
/** Beginnings of the inputs that are in the body itself. */
const DATA_URL = /^data:/i;

export class Findings {
  /** Why bytes bound nothing; undefined while they do. */
  beyondBytes: string | undefined;
  hasMedia = false;
  cacheWrite: CacheWrite = "none";
  webSearches = 0;
  /** Tools whose descriptions the provider adds by itself. */
  providerTools = 0;
  readonly #bytes: Buffer;
  readonly #rules: Judge;
  readonly #isCounting: boolean;
  readonly #unbounded = new Set<string>();

  /** @param isCounting whether nothing runs and nothing is charged. */
  constructor(bytes: Buffer, rules: Judge, isCounting: boolean) {
    this.#bytes = bytes;
    this.#rules = rules;
    this.#isCounting = isCounting;
  }

  /** What was let through without a bound. */
  get unbounded(): string[] {
    return [...this.#unbounded].slice(0, LISTED);
  }

  /** Something that costs what nobody can say before. @param next a sentence: what to change instead. */
  boundless(what: string, next: string): void {
    if (this.#isCounting) return;
    if (this.#rules.exact) {
      throw new Refusal(
        "unbounded",
        `${what}: its cost cannot be bounded, and this profile refuses what cannot be (exact = true in [profiles.llm]). ${next} Do not send the request again as it is.`,
      );
    }
    this.#unbounded.add(what);
  }

  /**
   * A tool that runs at the provider.
   *
   * @param names what `hosted` may call it; the first is suggested.
   * @param place where it is.
   * @param next a sentence: how to turn it off; empty where there is nothing to say.
   */
  hostedTool(names: readonly [string, ...string[]], place: string, next: string): void {
    if (this.#isCounting) return;
    const what = `${place}: ${names[0]} runs at the provider`;
    if (!names.some((name) => this.#rules.hosted.includes(name))) {
      const allow = `allow it with hosted = ["${names[0]}"] in [profiles.llm].`;
      this.boundless(what, next === "" ? `To use it, ${allow}` : `${next}, or ${allow}`);
    }
    this.#unbounded.add(what);
    this.beyondBytes ??= `the tool ${names[0]}`;
  }

  /** The searches of a search tool. @param limit the request's own; undefined where it sets none. */
  searches(limit: number | undefined): void {
    this.webSearches += limit ?? SEARCHES;
  }

  /** The id of something that the provider has stored; absent and null are none. @throws Refusal */
  storedId(node: JsonNode | undefined, place: string, isInput = true): void {
    if (node === undefined || node.kind === "null") return;
    const id = textOf(this.#bytes, node);
    if (id === undefined) throw new Refusal("bad_request", `${place} must be a string.`);
    if (!this.#rules.knowsId(id)) {
      throw new Refusal(
        "stored_id",
        `${place} names something that is stored at the provider, and this session did not receive it from there. The provider's key is shared, so it may be another session's. Send the content itself.`,
      );
    }
    if (isInput) this.beyondBytes ??= `${place}, which is stored at the provider`;
  }

  /** Something that may be a URL or a data: URL. */
  urlOrData(node: JsonNode | undefined, place: string, what: string): void {
    if (node?.kind !== "string") return;
    if (DATA_URL.test(beginningOf(this.#bytes, node, 5) ?? "")) this.media(what);
    else this.url(place);
  }

  /** A URL that the provider would fetch: of any size, and past the session's allowlist. */
  url(place: string): void {
    const what = `${place} is a URL that the provider fetches`;
    const next = "Send the content itself, as base64.";
    if (this.#rules.exact) {
      throw new Refusal(
        "unbounded",
        `${what}: its size cannot be bounded, and this profile refuses what cannot be (exact = true in [profiles.llm]). ${next} Do not send the request again as it is.`,
      );
    }
    this.#unbounded.add(what);
    this.media("a URL");
  }

  /** An image, a sound or a file, whose tokens its bytes do not bound. @param what such as `an image`. */
  media(what: string): void {
    this.hasMedia = true;
    this.beyondBytes ??= what;
  }
}
