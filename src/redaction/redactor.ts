/** Finds the values of credentials in a stream of bytes that arrives in pieces, cut anywhere. */
import {
  checkHash,
  type Fingerprint,
  type Fingerprints,
  LEAST_BYTES,
  macOf,
  MOST_LINE_ENDS,
  rollingTable,
} from "./fingerprints.ts";

/** Some bytes of the stream, in order. */
export type Piece =
  | { readonly kind: "text"; readonly bytes: Buffer }
  /** A value. `name`: undefined where its beginning was given out before it was known to be one. */
  | { readonly kind: "value"; readonly name: string; readonly bytes: Buffer };

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const NOTHING = Buffer.alloc(0);

/** What may be a value: it is one that ends here, it is none, or more bytes decide. */
type Verdict = { readonly end: number; readonly form: Fingerprint } | "none" | "undecided";

/**
 * Cuts a stream into text and values: from left to right, at each place the longest value. Bytes that may become a value
 * are held back until what follows decides.
 */
export class Redactor {
  readonly #salt: string;
  readonly #table: Int32Array;
  /** By the hash of their beginnings, the longest form first. */
  readonly #forms = new Map<number, Fingerprint[]>();
  /** Whether there may be a form whose hash has these upper 16 bits. */
  readonly #filter = new Uint8Array(65_536);
  readonly #isIdle: boolean;
  readonly #plain: Buffer;
  /** What was not given out as decided. */
  #held: Buffer = NOTHING;
  /** How much of it was given out undecided. */
  #released = 0;
  /** The next byte of `held` to look at. */
  #at = 0;
  #hash = 0;
  /** Bytes in the hash, no line ends, up to `LEAST_BYTES`. */
  #count = 0;
  /** Line ends in a row before `at`. */
  #lineEnds = 0;
  /** Where in `held` a value may begin; undefined: nowhere that is known. */
  #open: number | undefined;

  constructor({ salt, forms }: Fingerprints) {
    this.#salt = salt;
    this.#table = rollingTable(salt);
    this.#isIdle = forms.length === 0;
    const longest = forms.reduce((most: number, { length }) => Math.max(most, length), 0);
    this.#plain = Buffer.alloc(longest);
    for (const form of forms) {
      const alike = [...(this.#forms.get(form.start) ?? []), form];
      this.#forms.set(
        form.start,
        alike.sort((one, other) => other.length - one.length),
      );
      this.#filter[form.start >>> 16] = 1;
    }
  }

  /** Whether bytes are held back that `release` would give out. */
  get canRelease(): boolean {
    return this.#releasable() > this.#released;
  }

  /** Takes the next bytes; returns what is decided. The pieces may share memory with `bytes`. */
  push(bytes: Buffer): Piece[] {
    if (this.#isIdle) return bytes.length === 0 ? [] : [{ kind: "text", bytes }];
    this.#held = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]);
    return this.#decide(false);
  }

  /**
   * Gives out what is held back, where nothing follows for a while: at most the first seven bytes of a value. What
   * follows is still replaced.
   */
  release(): Piece[] {
    const until = this.#releasable();
    const bytes = this.#held.subarray(this.#released, until);
    this.#released = Math.max(until, this.#released);
    return bytes.length === 0 ? [] : [{ kind: "text", bytes: Buffer.from(bytes) }];
  }

  /** The end of the stream: what is held back is decided. */
  end(): Piece[] {
    const pieces = this.#decide(true);
    this.#held = NOTHING;
    this.#released = 0;
    this.#at = 0;
    this.#reset();
    return pieces;
  }

  #releasable(): number {
    return this.#open ?? this.#held.length;
  }

  #decide(isEnd: boolean): Piece[] {
    const pieces: Piece[] = [];
    /** Until where `held` is in the pieces, or was released. */
    let given = this.#released;
    const giveText = (until: number): void => {
      if (until > given) pieces.push({ kind: "text", bytes: this.#held.subarray(given, until) });
      given = Math.max(given, until);
    };
    this.#open = undefined;
    for (let found = this.#next(isEnd); found !== undefined; found = this.#next(isEnd)) {
      giveText(found.start);
      const { name } = found.form;
      pieces.push({ kind: "value", name, bytes: this.#held.subarray(given, found.end) });
      given = found.end;
    }
    const settled = isEnd ? this.#held.length : this.#undecidedFrom();
    giveText(settled);
    this.#held = Buffer.from(this.#held.subarray(settled));
    this.#at -= settled;
    this.#released = Math.max(0, given - settled);
    return pieces;
  }

  /** The next value; undefined when the bytes are at their end, or at one that more bytes decide. */
  #next(
    isEnd: boolean,
  ): { readonly start: number; readonly end: number; readonly form: Fingerprint } | undefined {
    const held = this.#held;
    const { length } = held;
    const table = this.#table;
    const filter = this.#filter;
    let at = this.#at;
    let hash = this.#hash;
    let count = this.#count;
    let lineEnds = this.#lineEnds;
    for (; at < length; at += 1) {
      const byte = held[at] ?? 0;
      if (byte === LINE_FEED || byte === CARRIAGE_RETURN) {
        lineEnds += 1;
        if (lineEnds > MOST_LINE_ENDS) count = 0;
        continue;
      }
      lineEnds = 0;
      const earlier = hash;
      hash = ((hash << 4) + (table[byte] ?? 0)) | 0;
      count += 1;
      if (filter[hash >>> 16] === 0 || count < LEAST_BYTES) continue;
      const forms = this.#forms.get(hash);
      if (forms === undefined) continue;
      const start = this.#startOfWindow(at + 1, LEAST_BYTES);
      const verdict = this.#judge(start, forms, isEnd);
      if (verdict === "none") continue;
      if (verdict === "undecided") {
        this.#keep(at, earlier, count - 1, 0);
        this.#open = start;
        return undefined;
      }
      this.#at = verdict.end;
      this.#reset();
      return { start, ...verdict };
    }
    this.#keep(at, hash, count, lineEnds);
    return undefined;
  }

  #keep(at: number, hash: number, count: number, lineEnds: number): void {
    this.#at = at;
    this.#hash = hash;
    this.#count = Math.min(count, LEAST_BYTES);
    this.#lineEnds = lineEnds;
  }

  #reset(): void {
    this.#hash = 0;
    this.#count = 0;
    this.#lineEnds = 0;
  }

  /** Where what may be a value begins: the bytes in the hash, one less than a whole window, if nothing else. */
  #undecidedFrom(): number {
    const open = this.#open;
    // It will be at the beginning.
    if (open !== undefined) this.#open = 0;
    return open ?? this.#startOfWindow(this.#at, Math.min(this.#count, LEAST_BYTES - 1));
  }

  /** Where the last so many bytes before `end` begin, line ends not counted. */
  #startOfWindow(end: number, bytes: number): number {
    let start = end;
    for (let left = bytes; left > 0 && start > 0;) {
      start -= 1;
      const byte = this.#held[start];
      if (byte !== LINE_FEED && byte !== CARRIAGE_RETURN) left -= 1;
    }
    return start;
  }

  /** @param forms that begin with the hash of what is at `start`, the longest first. */
  #judge(start: number, forms: readonly Fingerprint[], isEnd: boolean): Verdict {
    for (const form of forms) {
      const verdict = this.#judgeForm(start, form);
      if (verdict === "none" || (verdict === "undecided" && isEnd)) continue;
      return verdict;
    }
    return "none";
  }

  #judgeForm(start: number, form: Fingerprint): Verdict {
    const { plain, end, isCut } = this.#plainFrom(start, form.length);
    for (let check = 0, length = LEAST_BYTES * 2; length <= plain.length; check += 1, length *= 2) {
      const wanted = form.checks[check];
      if (wanted !== undefined && checkHash(plain, length, this.#salt) !== wanted) return "none";
    }
    if (plain.length < form.length) return isCut ? "none" : "undecided";
    return macOf(plain, this.#salt) === form.mac ? { end, form } : "none";
  }

  /** As many bytes from `start` as there are, without line ends. `isCut`: too many of those stand where it stops. */
  #plainFrom(
    start: number,
    length: number,
  ): { readonly plain: Buffer; readonly end: number; readonly isCut: boolean } {
    const held = this.#held;
    let filled = 0;
    let lineEnds = 0;
    let at = start;
    for (; at < held.length && filled < length; at += 1) {
      const byte = held[at] ?? 0;
      if (byte === LINE_FEED || byte === CARRIAGE_RETURN) {
        lineEnds += 1;
        if (lineEnds > MOST_LINE_ENDS)
          return { plain: this.#plain.subarray(0, filled), end: at, isCut: true };
        continue;
      }
      lineEnds = 0;
      this.#plain[filled] = byte;
      filled += 1;
    }
    return { plain: this.#plain.subarray(0, filled), end: at, isCut: false };
  }
}

/** What stands in the place of a value: its name, and the line ends that it spanned. */
export function replacement({ name, bytes }: Piece & { readonly kind: "value" }): Buffer {
  const lineEnds = bytes.toString("latin1").replaceAll(/[^\r\n]/g, "");
  return Buffer.from(`[${name}]${lineEnds}`);
}
