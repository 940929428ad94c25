/** Goes through every object of a body that can mean something to a provider. */
import type { JsonDocument, JsonNode, JsonObject } from "../json/node.ts";
import { Refusal } from "./refusal.ts";

/** Where a value is. */
export interface Place {
  readonly parent: Place | undefined;
  /** A key, or a number in an array; empty for the root. */
  readonly step: string | number;
}

export interface Found {
  readonly object: JsonObject;
  readonly place: Place;
}

/** Every object, the root first, each once; without recursion. */
export function* objectsOf({ root }: JsonDocument): Generator<Found> {
  const open: { node: JsonNode; place: Place }[] = [{ node: root, place: { parent: undefined, step: "" } }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { node, place } = next;
    if (node.kind === "object") {
      yield { object: node, place };
      for (const { key, value } of node.members)
        if (isContainer(value)) open.push({ node: value, place: { parent: place, step: key } });
    } else if (node.kind === "array") {
      for (const [step, item] of node.items.entries())
        if (isContainer(item)) open.push({ node: item, place: { parent: place, step } });
    }
  }
}

function isContainer({ kind }: JsonNode): boolean {
  return kind === "object" || kind === "array";
}

/** Such as `messages[3].content[0].source`; of a strange key only its beginning. */
export function placeText(place: Place, key?: string): string {
  const steps: string[] = key === undefined ? [] : [`.${key}`];
  for (let at: Place = place; at.parent !== undefined; at = at.parent)
    steps.push(typeof at.step === "number" ? `[${at.step}]` : `.${shownKey(at.step)}`);
  return steps.toReversed().join("").replace(/^\./, "");
}

function shownKey(key: string): string {
  return key.slice(0, 60).replaceAll(/[^\x21-\x7e]/g, "?");
}

/** What is left of a key for a parser that is as lax as any: without case, accents of form, and separators. */
function looseKey(key: string): string {
  return key
    .normalize("NFKC")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, "");
}

/** Keys that decide something, so that each must be there once, and as the dialect writes it. */
export class WatchedKeys {
  readonly #spellings: ReadonlySet<string>;
  readonly #loose: ReadonlySet<string>;

  /** @param spellings every way in which the provider reads each key. */
  constructor(spellings: readonly string[]) {
    this.#spellings = new Set(spellings);
    this.#loose = new Set(spellings.map(looseKey));
  }

  /** @throws Refusal for a key that is there twice, or in another spelling. */
  check(found: Iterable<Found>): void {
    // Bodies repeat a few keys many times.
    const known = new Map<string, string>();
    for (const { object, place } of found) {
      const seen = new Set<string>();
      for (const { key } of object.members) {
        const loose = known.get(key) ?? looseKey(key);
        known.set(key, loose);
        if (!this.#loose.has(loose)) continue;
        if (!this.#spellings.has(key)) throw strangeKey(placeText(place, shownKey(key)));
        if (seen.has(loose)) throw doubleKey(placeText(place, shownKey(key)));
        seen.add(loose);
      }
    }
  }
}

function doubleKey(text: string): Refusal {
  return new Refusal("bad_request", `The body has the key ${text} twice. Send it once.`);
}

function strangeKey(text: string): Refusal {
  return new Refusal(
    "bad_request",
    `The body has the key ${text}, which is another spelling of a key that agentd's gateway controls. Spell it as the provider's documentation does.`,
  );
}
