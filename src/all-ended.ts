/**
 * As `Promise.all`, but it rejects only when nothing is under way any more, so that what was begun can be taken back or
 * tried again. Rejects with the first failure in the order given.
 */
export async function allEnded<const T extends readonly Promise<unknown>[]>(
  work: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(work);
  return await Promise.all(work);
}
