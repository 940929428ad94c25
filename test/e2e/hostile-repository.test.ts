import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { writeFiles } from "../kit/files.mjs";
import { expectNothingLeft } from "../kit/house/nothing-left.ts";
import type { World } from "../kit/world.ts";
import { Canary } from "./canary.ts";
import { inAWorld } from "./in-a-world.ts";

const CANARY = new Canary("repository");
const HOOK = { content: `#!/bin/sh\n${CANARY.command}\n`, mode: 0o755 };
const HOOKS = ["post-checkout", "post-merge", "reference-transaction", "pre-auto-gc", "fsmonitor-watchman"];

/** Settings by which git runs programs. */
const GIT_CONFIG = `
[core]
	fsmonitor = ${CANARY.command}; false
	sshCommand = ${CANARY.command}; ssh
	gitProxy = ${CANARY.command}
	askPass = ${CANARY.command}
	alternateRefsCommand = ${CANARY.command}
[filter "evil"]
	smudge = ${CANARY.command}; cat
	clean = ${CANARY.command}; cat
	required = true
[credential]
	helper = "!${CANARY.command}; false"
[uploadpack]
	packObjectsHook = ${CANARY.command}; false
[protocol]
	allow = always
[submodule]
	recurse = true
`;

const SCRIPT_IN_A_NAME = `$(${CANARY.command.replaceAll("/", "\\057")})`;

/** What the repository holds. */
const FILES = {
  ".gitattributes": "* filter=evil diff=evil merge=evil\n",
  ".gitmodules": `[submodule "../../evil"]\n\tpath = module\n\turl = ext::sh -c "${CANARY.command}"\n\tupdate = !${CANARY.command}\n`,
  ".lfsconfig": `[lfs]\n\turl = ext::${CANARY.command}\n`,
  ...Object.fromEntries(HOOKS.map((hook) => [`.githooks/${hook}`, HOOK])),
  etc: { linkTo: "/etc" },
  home: { linkTo: "../../../../../home" },
  "--upload-pack=evil": "an option\n",
  "-rf": "another\n",
  "two\nlines": "of a name\n",
  [SCRIPT_IN_A_NAME]: "a script\n",
};

const AGENT = `
ls -A | grep -vx .git
echo "etc leads to $(readlink etc), home to $(readlink home)"
cat ./--upload-pack=evil ./-rf two*lines '${SCRIPT_IN_A_NAME}'
echo "$(ls module | wc -l) files in the module, $(find .git -path "*hooks/*" | wc -l) hooks"
grep -c evil .git/config
# From now on the clone is a trap as well.
cat .gitattributes > .git/info/attributes
cp -R .githooks .git/hooks
cat config >> .git/config
`;

const OUTPUT = `${SCRIPT_IN_A_NAME}
--upload-pack=evil
-rf
.gitattributes
.githooks
.gitmodules
.lfsconfig
.runa
agent.sh
config
etc
home
module
two?lines
etc leads to /etc, home to ../../../../../home
an option
another
of a name
a script
0 files in the module, 0 hooks
0
`;

/** Fills the repository, its own configuration and hooks, and adds a submodule, which takes more than files. */
async function makeHostile(world: World): Promise<void> {
  await world.commit({ ...FILES, config: GIT_CONFIG });
  await world.commitAgent(AGENT);
  await world.git("read-tree", "main");
  await world.git("update-index", "--add", "--cacheinfo", `160000,${world.head ?? ""},module`);
  const tree = await world.git("write-tree");
  await world.git(
    "update-ref",
    "refs/heads/main",
    await world.git("commit-tree", "-p", "main", "-m", "Trap", tree),
  );
  const bare = join(world.house.repositories, "site.git");
  await rm(join(bare, "index"));
  await writeFiles(bare, Object.fromEntries(HOOKS.map((hook) => [`hooks/${hook}`, HOOK])));
  await world.git("config", "--file", "config", "include.path", "evil");
  await writeFiles(bare, { evil: GIT_CONFIG });
}

/** What an operator may have set up for git, and what may be in the daemon's environment. */
async function poison(world: World): Promise<Record<string, string>> {
  const templates = join(world.house.hostFiles, "templates");
  await writeFiles(templates, Object.fromEntries(HOOKS.map((hook) => [`hooks/${hook}`, HOOK])));
  await writeFiles(world.house.hostFiles, {
    gitconfig: `${GIT_CONFIG}\n[init]\n\ttemplateDir = ${templates}\n`,
  });
  return {
    GIT_CONFIG_COUNT: "1",
    GIT_CONFIG_KEY_0: "include.path",
    GIT_CONFIG_VALUE_0: join(world.house.hostFiles, "gitconfig"),
    GIT_TEMPLATE_DIR: templates,
    GIT_SSH_COMMAND: CANARY.command,
    GIT_ASKPASS: CANARY.command,
    GIT_TRACE: CANARY.path,
  };
}

async function expectPlainGitToFallForIt(url: string, variables: Record<string, string>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "agentd-plain-git-"));
  // GIT_TRACE alone would bring the canary about.
  const env = { ...variables, GIT_TRACE: "" };
  await execa("git", ["clone", "--quiet", "--", url, join(directory, "clone")], { env, reject: false });
  await rm(directory, { recursive: true });
  expect(CANARY.shows).toBe(true);
  await CANARY.remove();
}

describe("a repository that is a trap", () => {
  it.each(["over http", "on this host"])("runs nothing on the host, and arrives as it is: %s", (where) =>
    inAWorld(async (world) => {
      await CANARY.remove();
      await makeHostile(world);
      const bare = join(world.house.repositories, "site.git");
      const url = where === "on this host" ? bare : world.house.urlOf("site.git");
      world.profileKeys["repo"] = url;
      Object.assign(world.variables, await poison(world));
      await expectPlainGitToFallForIt(url, world.variables);

      const { sandbox } = await world.daemon();
      for (const place of ["home/.gitconfig", "config/git/config"]) {
        await writeFiles(sandbox.directory, { [place]: GIT_CONFIG });
      }
      // The second one finds what the first has left in the cache.
      for (const workUnit of ["first", "second"]) {
        const run = await world.start(`agentd run site-builder --work-unit ${workUnit}`);
        expect(await run.end()).toBe(0);
        expect(run.stdout.toString()).toBe(OUTPUT);
        const warning = "The repository has submodules; they were not cloned.";
        expect((await (await world.record()).document()).warnings).toContain(warning);
      }
      expect(CANARY.shows).toBe(false);
      await expectNothingLeft(world);
    })(),
  );
});
