/** Runs a task when all that were given before it have ended, whether they failed or not. */
export type Enqueue = <T>(task: () => Promise<T>) => Promise<T>;

/** Makes a queue whose tasks never overlap. */
export function oneAtATime(): Enqueue {
  let tail: Promise<unknown> = Promise.resolve();
  return async (task) => {
    const result = tail.then(task);
    // Each caller gets its own failure; the next task starts anyway.
    tail = result.catch(() => undefined);
    return await result;
  };
}

/** Queues by name, each as `oneAtATime`; one that nobody uses costs nothing. */
export class TurnsByName {
  readonly #turns = new Map<string, { readonly enqueue: Enqueue; users: number }>();

  /** Runs a task when all that were given before it under that name have ended. */
  async run<T>(name: string, task: () => Promise<T>): Promise<T> {
    const turn = this.#turns.get(name) ?? { enqueue: oneAtATime(), users: 0 };
    this.#turns.set(name, turn);
    turn.users += 1;
    try {
      return await turn.enqueue(task);
    } finally {
      turn.users -= 1;
      if (turn.users === 0) this.#turns.delete(name);
    }
  }
}
