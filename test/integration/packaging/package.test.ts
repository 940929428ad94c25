import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { gunzipSync } from "node:zlib";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeDebianPackage } from "../../../packaging/debian-package.mjs";
import { page, sections, tableRows } from "../../kit/markdown.ts";

const CHECKOUT = resolve(import.meta.dirname, "../../..");
/** Bounds how long a hang lasts: a busy machine takes minutes. */
const BUILD_TIMEOUT_MS = 1_200_000;
const MAINTAINER = "Ada Lovelace <ada@example.org>";

let directory: string;
let deb: string;
let tarball: string;
let root: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "agentd-package-"));
  const { stdout } = await execa("node", ["packaging/main.mjs", "--out", directory], {
    cwd: CHECKOUT,
    env: { AGENTD_MAINTAINER: MAINTAINER },
  });
  [tarball = "", deb = ""] = stdout.split("\n").slice(-2);
  root = join(directory, "root");
  for (const path of ["info", "updates", "triggers"]) {
    await mkdir(join(root, "var/lib/dpkg", path), { recursive: true });
  }
  for (const file of ["status", "available"]) await writeFile(join(root, "var/lib/dpkg", file), "");
}, BUILD_TIMEOUT_MS);
afterAll(async () => {
  await rm(directory, { recursive: true });
});

/** As root of a namespace of its own, in an empty system that has none of the packages that it depends on. */
async function dpkg(...args: string[]) {
  const options = [
    `--root=${root}`,
    `--log=${join(directory, "dpkg.log")}`,
    "--force-depends",
    "--force-bad-path",
  ];
  return await execa("unshare", ["--map-root-user", "dpkg", ...options, ...args]);
}

async function installed(...args: string[]) {
  return await execa(join(root, "usr/bin/agentd"), args, {
    reject: false,
    extendEnv: false,
    env: { PATH: process.env["PATH"], HOME: join(directory, "home") },
  });
}

const { version, author } = JSON.parse(await readFile(join(CHECKOUT, "package.json"), "utf8")) as {
  version: string;
  author: string;
};

describe("the package for Debian", () => {
  it("names what sessions need, and the Node.js that it needs", async () => {
    const { stdout } = await execa("dpkg-deb", ["--field", deb, "Depends", "Version"]);
    for (const name of ["podman", "uidmap", "passt | slirp4netns", "catatonit", "git", "nodejs (>= 20.19)"]) {
      expect(stdout).toContain(name);
    }
    expect(stdout).toContain(`Version: ${version}`);
    expect((await execa("dpkg-deb", ["--field", deb, "Description"])).stdout).toContain("deb.nodesource.com");
  });

  it("names the maintainer that AGENTD_MAINTAINER says, and without one the author", async () => {
    expect((await execa("dpkg-deb", ["--field", deb, "Maintainer"])).stdout).toBe(MAINTAINER);
    const out = join(directory, "authors");
    await mkdir(out);
    const authors = await makeDebianPackage({ tarball, out, maintainer: undefined });
    expect((await execa("dpkg-deb", ["--field", authors, "Maintainer"])).stdout).toBe(author);
    const env = { AGENTD_MAINTAINER: "nobody" };
    const refused = await execa("node", ["packaging/main.mjs"], { cwd: CHECKOUT, env, reject: false });
    expect(refused).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('AGENTD_MAINTAINER is "nobody"') as string,
    });
  });

  it("belongs to root, and everyone can read it", async () => {
    const { stdout } = await execa("dpkg-deb", ["--contents", deb]);
    const lines = stdout.split("\n");
    expect(lines.filter((line) => !/^\S+ root\/root /.test(line))).toEqual([]);
    expect(lines.filter((line) => !/^(?:drwxr-xr-x|-rwxr-xr-x|-rw-r--r--|lrwxrwxrwx) /.test(line))).toEqual(
      [],
    );
    expect(stdout).not.toContain("node_modules");
  });

  it("installs a program that runs, with its agents, unit, completions and documentation", async () => {
    await dpkg("--install", deb);
    expect((await installed("--version")).stdout).toBe(`agentd ${version}`);
    const answer = JSON.parse((await installed("version", "--json")).stdout) as Record<string, string>;
    expect(answer).toMatchObject({ version, package_directory: join(root, "usr/lib/agentd") });
    const fields = tableRows(sections(page("json.md"), 2).get("A version") ?? "").map(([field]) => field);
    expect(Object.keys(answer)).toEqual(fields);
    const { stdout } = await installed("init", "--agent", "pi", "--json");
    expect(JSON.parse(stdout)).toMatchObject({ agent: "pi", config: "created" });
    const unit = await readFile(join(root, "usr/lib/systemd/user/agentd.service"), "utf8");
    expect(unit).toContain("ExecStart=/usr/bin/agentd daemon --shutdown=detach\n");
    expect(unit).not.toContain("%h/.local");
    const web = await readFile(join(root, "usr/lib/systemd/user/agentd-web.service"), "utf8");
    expect(web).toContain("ExecStart=/usr/bin/agentd web\n");
    expect(await readdir(join(root, "usr/lib/systemd/user/libpod-.scope.d"))).toEqual(["agentd.conf"]);
    const bash = await readFile(join(root, "usr/share/bash-completion/completions/agentd"), "utf8");
    expect(bash).toContain("complete -F _agentd agentd");
    const zsh = await readFile(join(root, "usr/share/zsh/vendor-completions/_agentd"), "utf8");
    expect(zsh).toMatch(/^#compdef agentd\n/);
    expect(await readdir(join(root, "usr/share/doc/agentd"))).toEqual(
      expect.arrayContaining(["README.md", "CHANGELOG.md", "copyright", "docs", "examples", "agents"]),
    );
    const manual = gunzipSync(await readFile(join(root, "usr/share/man/man1/agentd-run.1.gz"))).toString();
    expect(manual).toContain("agentd\\-run \\- run a session");
    expect((await readdir(join(root, "usr/share/man/man1"))).length).toBeGreaterThan(40);
    expect((await stat(join(root, "usr/share/doc/agentd/examples/agentd.toml"))).isFile()).toBe(true);
  });

  it("is replaced by a later one, and leaves nothing of its own when it is removed", async () => {
    await dpkg("--install", deb);
    await dpkg("--install", deb);
    await dpkg("--remove", "agentd");
    const { stdout } = await execa("find", [join(root, "usr"), "!", "-type", "d"], { reject: false });
    expect(stdout).toBe("");
  });
});

describe("the tarball for npm", () => {
  it("has what the program reads, and may be published", async () => {
    const { stdout } = await execa("tar", ["-tzf", tarball]);
    const names = stdout.split("\n");
    for (const name of [
      "bin/agentd",
      "dist/agentd.cjs",
      "agents/codex.toml",
      "examples/first.toml",
      "man/agentd.1",
    ]) {
      expect(names).toContain(`package/${name}`);
    }
    expect(names.filter((name) => /^package\/(?:src|test|packaging)\//.test(name))).toEqual([]);
    const manifest = await execa("tar", ["-xzOf", tarball, "package/package.json"]);
    expect(JSON.parse(manifest.stdout)).not.toHaveProperty("private");
  });
});

describe("an old Node.js", () => {
  it.each(["18.20.8", "20.18.3"])("%s is refused with what to do", async (old) => {
    const preload = join(directory, "old-node.cjs");
    await writeFile(
      preload,
      `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "${old}" } });`,
    );
    const started = await execa("node", ["--require", preload, join(CHECKOUT, "bin/agentd"), "ps"], {
      reject: false,
    });
    expect(started.exitCode).toBe(1);
    expect(started.stderr).toContain(`Node.js ${old} is too old; agentd needs 20.19 or newer`);
    expect(started.stderr).toContain("https://deb.nodesource.com");
  });
});
