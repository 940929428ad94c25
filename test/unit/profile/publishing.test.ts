import { describe, expect, it } from "vitest";
import { publishFaults } from "../../../src/profile/rules/publishing.ts";

const REPO = "https://git.example/team/site.git";
const ELSEWHERE = "https://other.example/team/site.git";

/** The faults of a profile with these keys besides `repo`, each as `path: message`. */
function faults(publish: unknown, profile: Record<string, unknown> = {}): string[] {
  return publishFaults({ repo: REPO, publish, ...profile }).map(
    ({ path, message }) => `${path.join(".")}: ${message}`,
  );
}

describe("a profile that publishes", () => {
  it.each([
    ["over https without any token", {}, {}],
    ["with the token for cloning", { request: { forge: "github" } }, { repo_token_source: "T" }],
    ["with its own token", { token_source: "P", request: { forge: "github" } }, {}],
    [
      "to a remote on the same host with the token for cloning",
      { remote: `${REPO}x` },
      { repo_token_source: "T" },
    ],
    ["to a remote on another host with a token of its own", { remote: ELSEWHERE, token_source: "P" }, {}],
    ["over ssh without a token", { remote: "ssh://git@other.example/site.git" }, {}],
    [
      "over ssh with a token for the request",
      { remote: "ssh://git@other.example/site.git", token_source: "P", request: { forge: "gitlab" } },
      {},
    ],
    ["not at all", undefined, { workspace: "empty" }],
  ])("is accepted: %s", (_what, publish, profile) => {
    expect(faults(publish, profile)).toEqual([]);
  });

  it.each(["empty", "directory"])("needs a clone, not %s", (workspace) => {
    expect(faults({}, { workspace })).toEqual(['publish: is only for workspace = "clone"']);
  });

  it("needs a token for a request", () => {
    expect(faults({ request: { forge: "github" } })).toEqual([
      "publish.token_source: must be set: a request is opened with a token",
    ]);
  });

  it.each([
    ["another host", ELSEWHERE],
    ["another port", "https://git.example:8443/team/site.git"],
    ["a host that only begins alike", "https://git.example.evil.example/team/site.git"],
  ])("needs a token of its own for a remote on %s", (_what, remote) => {
    const expected = [
      "publish.token_source: must be set: remote is on another host than repo, whose token is for that host alone",
    ];
    expect(faults({ remote }, { repo_token_source: "T" })).toEqual(expected);
    expect(faults({ remote, request: { forge: "github" } }, { repo_token_source: "T" })).toEqual(expected);
  });

  it("needs a token of its own for a remote where the profile names no repository", () => {
    expect(faults({ remote: ELSEWHERE }, { repo: undefined, repo_token_source: "T" })).toHaveLength(1);
  });

  it.each(["http://git.example/site.git", "git://git.example/site.git", "/srv/site.git"])(
    "takes no token for %s",
    (remote) => {
      expect(faults({ remote, token_source: "P" })).toEqual([
        "publish.token_source: a token is sent over https:// only, and the repository is not https://",
      ]);
    },
  );

  it("leaves a value that breaks a rule of its own to that rule", () => {
    expect(faults({ remote: 7 })).toEqual([]);
    expect(faults("yes")).toEqual([]);
  });
});
