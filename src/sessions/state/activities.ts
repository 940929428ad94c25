/** What a launch is busy with: several activities may overlap, and are shown as one line. */
export class Activities {
  readonly #current = new Map<symbol, string>();
  readonly #onChange: (line: string) => void;

  /** @param onChange gets all current activities, oldest first; when all are over, the last line stays. */
  constructor(onChange: (line: string) => void) {
    this.#onChange = onChange;
  }

  /** Does some work under a text, which the work may replace meanwhile. */
  async during<T>(text: string, work: (say: (text: string) => void) => Promise<T>): Promise<T> {
    const key = Symbol(text);
    const say = (now: string): void => {
      this.#current.set(key, now);
      this.#show();
    };
    say(text);
    try {
      return await work(say);
    } finally {
      this.#current.delete(key);
      if (this.#current.size > 0) this.#show();
    }
  }

  #show(): void {
    this.#onChange([...this.#current.values()].join("; "));
  }
}
