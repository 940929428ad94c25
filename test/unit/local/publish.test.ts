import { describe, expect, it } from "vitest";
import { tokenSource } from "../../../src/local/publish.ts";

type Job = Parameters<typeof tokenSource>[0];

const REPO = "https://git.example/team/site.git";

/** A run of the repository `url` with a profile of these keys. */
function sourceFor(url: string | null, profile: object): string | undefined {
  return tokenSource({
    sessionId: "e812345678901234",
    repository: url === null ? null : { url, ref: null },
    profile: profile as Job["profile"],
  });
}

describe("the token that work is published with", () => {
  it.each([
    [
      "the profile's own for publishing",
      { publish: { tokenSource: "P" }, repoTokenSource: "T", repo: REPO },
      "P",
    ],
    ["else the one for cloning", { publish: {}, repoTokenSource: "T", repo: REPO }, "T"],
    ["none where none is configured", { publish: {}, repo: REPO }, undefined],
    ["that of a profile without a repository", { publish: {}, repoTokenSource: "T" }, "T"],
  ])("is %s", (_what, profile, expected) => {
    expect(sourceFor(REPO, profile)).toBe(expected);
  });

  it("is for another repository of the same host, too", () => {
    const profile = { publish: {}, repoTokenSource: "T", repo: REPO };
    expect(sourceFor("https://git.example/other/project.git", profile)).toBe("T");
  });

  it.each(["https://other.example/team/site.git", "https://git.example:8443/team/site.git"])(
    "is never for a run's repository on another host: %s",
    (url) => {
      for (const publish of [{}, { tokenSource: "P" }])
        expect(() => sourceFor(url, { publish, repoTokenSource: "T", repo: REPO })).toThrow(
          expect.objectContaining({ code: "publish_refused" }),
        );
    },
  );

  it("is for the remote of the profile, whatever a run clones", () => {
    const publish = { remote: REPO, tokenSource: "P" };
    expect(sourceFor("https://other.example/x.git", { publish, repo: REPO })).toBe("P");
  });
});
