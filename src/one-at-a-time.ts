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
