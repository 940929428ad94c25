import { describe, expect, it } from "vitest";
import {
  areOnSameServer,
  gitSourceFault,
  gitSourceOf,
  sourceName,
} from "../../../src/profile/rules/home-sources.ts";

const URL = "https://git.example.org/team/skills.git";

describe("a source for a home", () => {
  it.each([
    [URL, null, "", "skills"],
    [`${URL}#v1.2`, "v1.2", "", "skills"],
    [`${URL}#feature/x:review`, "feature/x", "review", "review"],
    [`${URL}#:all/review/`, null, "all/review", "review"],
    ["file:///srv/skills#main", "main", "", "skills"],
  ])("that is a URL names a repository, a ref and a path: %s", (source, ref, path, name) => {
    expect(gitSourceOf(source)).toMatchObject({ ref, path });
    expect(gitSourceFault(source)).toBeUndefined();
    expect(sourceName(source)).toBe(name);
  });

  it.each(["skills/review", "/srv/skills/review", "a:b#c/review"])("is a path otherwise: %s", (source) => {
    expect(gitSourceOf(source)).toBeUndefined();
    expect(gitSourceFault(source)).toBeUndefined();
    expect(sourceName(source)).toBe("review");
  });

  it.each([
    ["https://me:secret@git.example.org/x.git#main", "a password in the URL is refused"],
    ["ext://sh#main", "ext:// is not accepted"],
    [`${URL}?token=x#main`, "a query or fragment is refused"],
    [`${URL}#-x`, "a leading - is refused"],
    [`${URL}#main:../x`, "its path in the repository"],
    [`${URL}#main:/etc`, "its path in the repository"],
    [`${URL}#main:a/.GIT/config`, "its path in the repository"],
    [`${URL}#main:a\nb`, "its path in the repository"],
  ])("is refused: %s", (source, rule) => {
    expect(gitSourceFault(source)).toContain(rule);
  });

  it.each([
    ["https://Git.example.org/a.git", true],
    ["https://git.example.org:8443/a.git", false],
    ["http://git.example.org/a.git", false],
    ["https://example.org/a.git", false],
    ["/srv/a.git", false],
  ])("shares a token with a repository of the same server alone: %s", (other, expected) => {
    expect(areOnSameServer(other, URL)).toBe(expected);
  });
});
