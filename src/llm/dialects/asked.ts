/** What a dialect's reader makes of a body. */
import type { JsonDocument } from "../json/node.ts";
import type { Splice } from "../json/splice.ts";
import type { Findings } from "./findings.ts";
import type { Found } from "./walk.ts";

export interface Asked {
  /** Undefined where the body names none. */
  readonly model: string | undefined;
  readonly stream: boolean;
  readonly choices: number;
  readonly askedOutput: number | undefined;
  /** The least output that makes sense with the request's settings; undefined where nothing says so. */
  readonly leastOutput: number | undefined;
  /** How many messages the provider wraps in tokens of its own. */
  readonly messages: number;
  /** What is changed whatever the cap. */
  readonly splices: readonly Splice[];
  /** What writes the cap, in tokens. */
  cap(tokens: number): readonly Splice[];
}

/** How the bodies of a route are read. */
export interface BodyReader {
  /** Keys that decide something, in every spelling that the provider reads. */
  readonly watched: readonly string[];
  /** Keys under which clients and models put what they like. */
  readonly opaque: ReadonlySet<string>;
  /** @throws Refusal for what may not be sent. */
  read(document: JsonDocument, objects: readonly Found[], findings: Findings): Asked;
}
