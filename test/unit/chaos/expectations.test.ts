import { expect, it } from "vitest";
import { FAILPOINT_LABELS } from "../../../src/failpoints.ts";
import { EXPECTATIONS } from "../../chaos/expectations.mjs";

it("the table of what has to come of kills has a row for every failpoint, in their order", () => {
  expect(EXPECTATIONS.map(({ label }) => label)).toEqual(FAILPOINT_LABELS);
});
