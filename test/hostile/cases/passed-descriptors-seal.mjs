import { mustSucceed, passedDescriptors } from "../passed-descriptors.mjs";

export const name = "passed-descriptors-seal";
export const expectation =
  "sealing a record touches no file of the host while another session swaps its directories for links, and it verifies";

export const run = passedDescriptors({
  passed: ["runa"],
  from: "running",
  work: (sessions, id) => mustSucceed(sessions, ["audit", "verify", id]),
});
