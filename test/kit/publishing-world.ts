/** A world whose profile publishes to a real server, with a forge beside it. */
import { chmod, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeCertificate } from "./certificates.mjs";
import { startForge } from "./forges/forge-server.mjs";
import { startGitServer } from "./git-server.mjs";
import { git } from "./repositories.mjs";
import { makeSecret } from "./secrets.mjs";
import type { World } from "./world.ts";

/** The repository of the world on a server that takes pushes, and a forge beside it; the profile publishes to both. */
export async function publishing(world: World, onPush?: () => Promise<void>) {
  const token = makeSecret();
  const team = join(world.house.hostFiles, "served", "team");
  await mkdir(team, { recursive: true });
  await rename(join(world.house.repositories, "site.git"), join(team, "site.git"));
  const { certificate, authorityFile } = await makeCertificate(world.house.hostFiles);
  const served = { certificate, token };
  const server = await startGitServer(join(team, ".."), {
    ...served,
    takesPushes: true,
    beforeAnswer: ({ method, url = "" }) =>
      method === "POST" && url.endsWith("/git-receive-pack") ? onPush?.() : undefined,
  });
  const forge = await startForge("github", served);
  Object.assign(world.variables, { GIT_SSL_CAINFO: authorityFile, PUBLISH_TOKEN: token });
  Object.assign(world.profileKeys, {
    repo: `${server.url}/team/site.git`,
    repo_token_source: "PUBLISH_TOKEN",
    publish: { request: { forge: "github", api_url: forge.url, labels: ["agent"] } },
  });
  return {
    token,
    forge,
    server,
    /** `NAME ID` of every branch but the first. */
    branches: async () =>
      (await git(join(team, "site.git"), ["for-each-ref", "--format=%(refname:short) %(objectname)"]))
        .split("\n")
        .filter((line) => !line.startsWith("main ")),
    /** The server refuses pushes from here on. */
    refuse: async (why: string) => {
      const hook = join(team, "site.git/hooks/pre-receive");
      await writeFile(hook, `#!/bin/sh\necho ${why} >&2\nexit 1\n`);
      await chmod(hook, 0o755);
    },
    /** Sets a branch to where another is. */
    merge: (branch: string, into: string) =>
      git(join(team, "site.git"), ["update-ref", `refs/heads/${into}`, `refs/heads/${branch}`]),
    accept: () => rm(join(team, "site.git/hooks/pre-receive")),
    pushes: () => server.requests.filter((each) => /^POST .*git-receive-pack$/.test(each)).length,
    close: async () => {
      await server.close();
      await forge.close();
    },
  };
}
