/**
 * Takes the real key out of answers: a provider may echo it. What replaces it is as long as the key, and bytes are held
 * back only where they may be the key's beginning, so nothing else of a stream changes or waits.
 */

/** A shorter key would be found in any text; it is a server's without keys. */
const SHORTEST = 8;
const STAR = "*".charCodeAt(0);
const NOTHING = Buffer.alloc(0);

export class KeyRedactor {
  readonly #forms: readonly Buffer[];
  #held: Buffer = NOTHING;

  /** @param keys the real ones. */
  constructor(keys: readonly string[]) {
    const forms = keys.filter((key) => key.length >= SHORTEST).flatMap(formsOf);
    // The longest first: a form may be a part of another.
    this.#forms = [...new Set(forms)].sort((a, b) => b.length - a.length).map((form) => Buffer.from(form));
  }

  /** The bytes that can go on. */
  push(chunk: Buffer): Buffer {
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    const clean = this.#redact(bytes);
    const held = this.#forms.reduce((most, form) => Math.max(most, overlap(clean, form)), 0);
    this.#held = held === 0 ? NOTHING : Buffer.from(clean.subarray(clean.length - held));
    return clean.subarray(0, clean.length - held);
  }

  /** What was held back, at the end. */
  end(): Buffer {
    const rest = this.#held;
    this.#held = NOTHING;
    // Most of a key is as good as the key.
    return rest.length < SHORTEST ? rest : rest.fill(STAR);
  }

  /** A whole text. */
  text(text: string): string {
    return this.#redact(Buffer.from(text)).toString();
  }

  #redact(bytes: Buffer): Buffer {
    let clean = bytes;
    for (const form of this.#forms) {
      for (let at = clean.indexOf(form); at !== -1; at = clean.indexOf(form, at + form.length)) {
        if (clean === bytes) clean = Buffer.from(bytes);
        clean.fill(STAR, at, at + form.length);
      }
    }
    return clean;
  }
}

/** As it is, in a URL, and in base64: also in the middle of a longer text, where it may begin at each third of a group. */
function formsOf(key: string): string[] {
  const encoded = [0, 1, 2].flatMap((before) => {
    const whole = Buffer.from("x".repeat(before) + key);
    // Only characters that are the key's alone.
    const bits = Math.floor((whole.length * 8) / 6);
    const own = [Math.ceil((before * 8) / 6), bits] as const;
    return (["base64", "base64url"] as const).map((name) => whole.toString(name).slice(...own));
  });
  return [key, encodeURIComponent(key), ...encoded];
}

/** How many bytes at the end of a text are a beginning of the form. */
function overlap(text: Buffer, form: Buffer): number {
  for (let length = Math.min(form.length - 1, text.length); length > 0; length -= 1) {
    if (text.compare(form, 0, length, text.length - length) === 0) return length;
  }
  return 0;
}
