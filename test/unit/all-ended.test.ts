import { setImmediate as turn } from "node:timers/promises";
import { expect, it } from "vitest";
import { allEnded } from "../../src/all-ended.ts";

it("gives what all have come to", async () => {
  expect(await allEnded([Promise.resolve(1), Promise.resolve("two")])).toEqual([1, "two"]);
});

it("rejects with the first failure, and not before the last one has ended", async () => {
  let isOver = false;
  const slow = async (): Promise<void> => {
    for (let turns = 0; turns < 10; turns += 1) await turn();
    isOver = true;
  };
  await expect(allEnded([slow(), Promise.reject(new Error("full"))])).rejects.toThrow("full");
  expect(isOver).toBe(true);
});
