import { mustSucceed, passedDescriptors } from "../passed-descriptors.mjs";

export const name = "passed-descriptors-prune";
export const expectation =
  "pruning a record touches no file of the host while another session writes through descriptors from before the seal";

export const run = passedDescriptors({
  passed: ["runa"],
  from: "sealed",
  work: (sessions) => mustSucceed(sessions, ["audit", "prune", "--keep", "0", "--yes"]),
});
