/** docs/tutorial.md, typed from its first line to its last in an empty home. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type JsonMap, parse, stringify } from "@iarna/toml";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AGENTD, createSandbox, type Sandbox } from "../kit/agentd.mjs";
import { blocksOf } from "../kit/markdown.ts";
import { type NpmRegistry, startNpmRegistry } from "../kit/npm-registry.mjs";
import { makeRepository } from "../kit/repositories.mjs";

/** Stands for codex, as the page allows: a script that fixes the typo, and needs no model. */
const AGENT = "tutor";
const SCRIPT = `#!/bin/sh
set -e
echo "working on: $2"
test -n "$OPENAI_API_KEY"
sed -i s/teh/the/ README.md
git commit --quiet --all --message "Fix the typo"
`;
const URL = "https://github.com/example/site.git";

/** What cannot be typed here, and what is done instead. */
const INSTEAD: readonly (readonly [line: RegExp, why: string])[] = [
  [/^npm run package$/, "tested by test/integration/packaging"],
  [/^sudo apt-get install /, "tested by test/host, on a host of its own"],
  [/^nano /, "a person types here; the test puts the key into the file"],
  [
    /^agentd service install$/,
    "there is no systemd; the page says to start agentd daemon in another terminal",
  ],
];

let sandbox: Sandbox;
let home: string;
let registry: NpmRegistry;

beforeEach(async () => {
  sandbox = await createSandbox();
  home = join(sandbox.directory, "home");
  await mkdir(join(sandbox.directory, "registry"));
  registry = await startNpmRegistry(join(sandbox.directory, "registry"));
  await registry.publish(AGENT, "1.0.0", SCRIPT);
  // Nothing is set but what stands for this host's npm, Podman and login.
  for (const name of ["AGENTD_CONFIG", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "AGENTD_LOG"])
    sandbox.env[name] = undefined;
  sandbox.env["npm_config_registry"] = registry.url;
  sandbox.env["PATH"] = `${dirname(AGENTD)}:${process.env["PATH"] ?? ""}`;
  for (const kind of ["AUTHOR", "COMMITTER"]) {
    sandbox.env[`GIT_${kind}_NAME`] = "Ada";
    sandbox.env[`GIT_${kind}_EMAIL`] = "ada@example.org";
  }
});
afterEach(async () => {
  const image = `localhost/agentd/${AGENT}`;
  const podman = execa({ env: sandbox.containers.variables, reject: false });
  await podman`podman rmi --force ${image}:latest ${image}:1.0.0`;
  await registry.close();
  await sandbox.close();
});

/** A definition of the person's own, on the base that the agents of agentd share. */
async function defineAgent(): Promise<void> {
  const shipped = parse(await readFile(join(dirname(AGENTD), "..", "agents", "pi.toml"), "utf8"));
  const { packages } = shipped["image"] as JsonMap;
  const agents = join(home, ".config", "agentd", "agents");
  await mkdir(agents, { recursive: true });
  const definition: JsonMap = {
    description: "Fixes typos",
    profile: {
      command: [AGENT, "exec", "$AGENTD_REQUEST"],
      network: "none",
      credentials: [{ name: "OPENAI_API_KEY", source: "OPENAI_API_KEY" }],
    },
    image: { npm: `${AGENT}@1.0.0`, packages: packages ?? [] },
  };
  await writeFile(join(agents, `${AGENT}.toml`), stringify(definition));
}

describe("the tutorial", () => {
  it("works from its first command to its last", { timeout: 1_200_000 }, async () => {
    await defineAgent();
    const repository = join(sandbox.directory, "site.git");
    await makeRepository(repository, { files: { "README.md": "# teh site\n" } });
    await execa("git", ["clone", "--quiet", repository, join(home, "site")]);
    const fill = (text: string): string => text.replaceAll("codex", AGENT).replaceAll(URL, repository);

    const printed = new Map<string, string>();
    let directory = home;
    /** As a person would, who reads what the command before has printed. */
    const type = async (line: string): Promise<void> => {
      if (line.startsWith("cd ")) {
        directory = line.slice("cd ".length).replace("~", home);
        return;
      }
      const merge = /git merge \S+/.exec(printed.get("agentd apply --latest") ?? "")?.[0];
      const typed = line.startsWith("git merge ") ? (merge ?? line) : line;
      const { stdout, exitCode, all } = await execa("sh", ["-c", typed], {
        ...{ cwd: directory, env: sandbox.env, extendEnv: false, reject: false, all: true },
      });
      // What this host lacks for other profiles and a service is no matter of the page.
      if (line !== "agentd doctor" && exitCode !== 0)
        throw new Error(`${typed} exited ${exitCode}:\n${all}\n${[...printed].join("\n\n")}`);
      printed.set(line, stdout);
    };
    const credentials = join(home, ".config", "agentd", "credentials.env");
    const config = join(home, ".config", "agentd", "agentd.toml");

    for (const { language, code } of blocksOf("docs/tutorial.md")) {
      if (language === "toml") {
        expect(parse(await readFile(config, "utf8"))["profiles"]).toEqual(parse(fill(code))["profiles"]);
        continue;
      }
      for (const line of code.split("\n").filter((each) => each !== "")) {
        if (line.startsWith("nano ")) {
          const text = await readFile(credentials, "utf8");
          await writeFile(credentials, `${text}OPENAI_API_KEY=sk-of-the-person\n`);
        }
        if (line === "agentd service install") await sandbox.startDaemon();
        if (!INSTEAD.some(([pattern]) => pattern.test(line))) await type(fill(line));
      }
    }

    expect(printed.get('agentd run nightly --request "Fix the typo in README"')).toContain(
      "working on: Fix the typo in README",
    );
    expect(printed.get("agentd diff --latest")).toContain("+# the site");
    expect(await readFile(join(home, "site", "README.md"), "utf8")).toBe("# the site\n");
    expect(printed.get("agentd schedule")).toContain("nightly");
    expect(printed.get("agentd ps -a --since 1d")).toContain("success");
    expect(printed.get("agentd ps --failed")).not.toContain("nightly");
    expect(printed.get("agentd audit verify --all")).toContain("1");
  });
});
