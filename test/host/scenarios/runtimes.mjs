import assert from "node:assert/strict";
import { scenario } from "../guest/scenario.mjs";

export const runtimes = scenario("runtimes", "TODO", async (operator) => {
  await operator.serve({ name: "worker", script: "true" });
  assert.ok(operator);
});
