import { expect, it } from "vitest";
import { allCases } from "../hostile/all-cases.mjs";

/** Of `npm run test:hostile`, what takes seconds. */
const QUICK = [
  ...["removal", "seal", "prune", "export"].map((what) => `passed-descriptors-${what}`),
  ...["forged-container", "sibling-client"],
];

it("names every case after its file, and none twice", async () => {
  const names = (await allCases()).map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(QUICK));
  expect(new Set(names).size).toBe(names.length);
});

it.each(QUICK)("%s", async (name) => {
  const hostile = (await allCases()).find((each) => each.name === name);
  expect(await hostile?.run({ rounds: 1, say: () => undefined })).toEqual([]);
});
