import { describe, expect, it } from "vitest";
import { redirectTarget } from "../../../src/workspace/redirects.ts";

const REQUEST = "/info/refs?service=git-upload-pack";
const URL = "https://git.example.org/old.git";

describe("a redirect", () => {
  it.each([
    ["a path", URL, `/new.git${REQUEST}`, "https://git.example.org/new.git"],
    ["a URL", URL, `https://git.example.org/new.git${REQUEST}`, "https://git.example.org/new.git"],
    [
      "the usual port, written out",
      URL,
      `https://GIT.example.org:443/new.git${REQUEST}`,
      "https://git.example.org/new.git",
    ],
    ["a relative path", URL, `../new.git${REQUEST}`, "https://git.example.org/old.git/new.git"],
    [
      "https instead of http",
      "http://git.example.org/x.git",
      `https://git.example.org/x.git${REQUEST}`,
      "https://git.example.org/x.git",
    ],
    [
      "a URL of the same port",
      "http://git.example.org:8080/x.git/",
      `//git.example.org:8080/y.git${REQUEST}`,
      "http://git.example.org:8080/y.git",
    ],
  ])("leads to a repository on the same host: %s", (_, from, location, url) => {
    expect(redirectTarget(from, location)).toEqual({ kind: "repository", url });
  });

  it.each([
    ["another host", URL, `https://other.example.org/new.git${REQUEST}`],
    ["a host below", URL, `https://a.git.example.org/new.git${REQUEST}`],
    ["another port", URL, `https://git.example.org:8443/new.git${REQUEST}`],
    ["http instead of https", URL, `http://git.example.org/old.git${REQUEST}`],
    [
      "https from a port of its own",
      "http://git.example.org:8080/x.git",
      `https://git.example.org/x.git${REQUEST}`,
    ],
    ["an address of the cloud", URL, "http://169.254.169.254/latest/meta-data"],
    ["a file", URL, "file:///etc/passwd"],
    ["a host after a user", URL, `https://git.example.org@other.example.org/x.git${REQUEST}`],
  ])("leads to another host: %s", (_, from, location) => {
    expect(redirectTarget(from, location).kind).toBe("other_host");
  });

  it.each([
    ["a page", "/login"],
    ["no URL at all", "https://"],
    ["the root", "/info/refs"],
    ["a path with control characters", `/a%0ab.git${REQUEST}`],
  ])("leads to no repository: %s", (_, location) => {
    expect(redirectTarget(URL, location).kind).toBe("no_repository");
  });

  it("is told without what could be a secret in it", () => {
    const told = redirectTarget(URL, "https://user:secret@other.example.org/x.git?token=secret#secret");
    expect(told.url).toBe("https://other.example.org/x.git");
  });
});
