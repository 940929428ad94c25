import { archivePath, mustSucceed, passedDescriptors } from "../passed-descriptors.mjs";

export const name = "passed-descriptors-export";
export const expectation =
  "a sealed record verifies and is exported while another session writes through descriptors from before the seal";

export const run = passedDescriptors({
  passed: ["runa", "repo", "home"],
  from: "sealed",
  work: async (sessions, id) => [
    ...(await mustSucceed(sessions, ["audit", "verify", id])),
    ...(await mustSucceed(sessions, ["audit", "export", id, "--output", archivePath(sessions, id)])),
  ],
});
