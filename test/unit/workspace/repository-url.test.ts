import { describe, expect, it } from "vitest";
import {
  checkRef,
  parseRepositoryUrl,
  redactRepository,
  refFault,
  repositoryFault,
} from "../../../src/workspace/repository-url.ts";

describe("parseRepositoryUrl", () => {
  it.each([
    ["https://git.example.org/team/project.git", "https", "git.example.org"],
    ["http://127.0.0.1:8080/demo.git", "http", "127.0.0.1:8080"],
    ["http://[::1]:8080/demo.git", "http", "[::1]:8080"],
    ["git://git.example.org/project", "git", "git.example.org"],
    ["ssh://git.example.org:2222/~ada/project", "ssh", "git.example.org:2222"],
    ["ssh://git@git.example.org/project.git", "ssh", "git.example.org"],
    ["file:///srv/git/project.git", "file", undefined],
    ["/srv/git/a project: v2.git", "file", undefined],
    ["https://git.example.org/team/caf%C3%A9.git", "https", "git.example.org"],
  ])("accepts %s", (url, protocol, host) => {
    expect(parseRepositoryUrl(url)).toEqual({ url, protocol, host });
  });

  it("writes scheme and host in lower case and leaves the path alone", () => {
    expect(parseRepositoryUrl("HTTPS://Git.Example.ORG/Team/Project").url).toBe(
      "https://git.example.org/Team/Project",
    );
    expect(parseRepositoryUrl("SSH://Git@Host/X").url).toBe("ssh://Git@host/X");
  });

  it.each([
    ["", "empty"],
    ["https://ada:secret@host/x", "password"],
    ["ssh://git:secret@host/x", "password"],
    ["https://ghp_secret@host/x", "user or token"],
    ["https://host/x?access_token=secret", "query"],
    ["https://host/x#secret", "query or fragment"],
    ["https://host/a b", "white space"],
    ["https://host\\@evil/x", "backslashes"],
    ["https://host/x\ny", "control"],
    ["https://host/x%0ahost=evil", "control"],
    ["https://host/x%00", "control"],
    ["/srv/git/a\0b", "control"],
    ["ext::sh -c 'touch /tmp/x'", "remote helpers"],
    ["fd::17/x", "remote helpers"],
    ["-u./payload", "leading -"],
    ["--upload-pack=touch", "leading -"],
    ["ssh://-oProxyCommand=touch/x", "host"],
    ["ssh://-l@host/x", "user"],
    ["ssh://a%20b@host/x", "user"],
    ["https:///x", "host"],
    ["https://host:0/x", "host"],
    ["https://host:port/x", "host"],
    ["https://ex ample/x", "white space"],
    ["https://host", "path"],
    ["https://host/", "path"],
    ["file://host/srv/x", "has no host"],
    ["file:///", "path"],
    ["ftp://host/x", "ftp:// is not accepted"],
    ["git+ssh://host/x", "git+ssh:// is not accepted"],
    ["git@github.com:team/project.git", "write ssh://git@github.com/team/project.git"],
    ["host:/srv/project", "write ssh://host/srv/project"],
    ["../project", "relative"],
    ["project", "relative"],
  ])("refuses %j", (url, words) => {
    expect(repositoryFault(url)).toContain(words);
    expect(() => parseRepositoryUrl(url)).toThrow(
      expect.objectContaining({ code: "repository_invalid", message: expect.stringContaining(words) }),
    );
  });

  it.each([
    "https://ada:hunter2@host/x",
    "https://hunter2@host/x",
    "https://host/x?token=hunter2",
    "https://host/x#hunter2",
    "ssh://ada:hunter2@host/x",
    "ada:hunter2@host:x",
    "https://ada:hun/ter2@host/x",
    "ftp://ada:hunter2@host/x",
  ])("keeps a secret in %s out of its message", (url) => {
    expect(() => parseRepositoryUrl(url)).toThrow(
      expect.objectContaining({ message: expect.not.stringMatching(/hunter2|ter2/) }),
    );
  });
});

describe("redactRepository", () => {
  it("leaves what is no secret readable", () => {
    expect(redactRepository("ssh://git@host/x")).toBe("ssh://git@host/x");
    expect(redactRepository("https://host/x")).toBe("https://host/x");
    expect(redactRepository("https://ada:hunter2@host/x?y=z")).toBe("https://***@host/x?***");
  });
});

describe("checkRef", () => {
  it.each([
    "main",
    "feature/a-b_c.d",
    "v1.2.3",
    "refs-like",
    "übung",
    "a@b",
    "0123456789abcdef0123456789abcdef01234567",
  ])("accepts %s", (ref) => {
    expect(checkRef(ref)).toBe(ref);
  });

  it.each([
    "",
    "-b",
    "--upload-pack=x",
    "a b",
    "a\tb",
    "a\0b",
    "a..b",
    "a~1",
    "a^",
    "a:b",
    "a?",
    "a*",
    "a[b",
    "a\\b",
    "@",
    "a@{1}",
    "/a",
    "a/",
    "a//b",
    ".a",
    "a/.b",
    "a.lock",
    "a.lock/b",
    "a.",
    "x".repeat(256),
  ])("refuses %j", (ref) => {
    expect(refFault(ref)).toBeDefined();
    expect(() => checkRef(ref)).toThrow(expect.objectContaining({ code: "ref_invalid" }));
  });
});
