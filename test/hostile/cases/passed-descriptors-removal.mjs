import { passedDescriptors } from "../passed-descriptors.mjs";

export const name = "passed-descriptors-removal";
export const expectation =
  "removing the workspace of a session touches no file of the host while another session swaps its directories for links";

export const run = passedDescriptors({ passed: ["repo", "home"], from: "running" });
