/** Files that a command makes on another host, brought here. */
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { execa } from "execa";
import { AgentdError } from "../errors.ts";
import { removeTree } from "../trees/remove-tree.ts";
import { NO_CONNECTION, type Ssh } from "./ssh.ts";
import { OTHER_VERSION } from "./there.ts";

/** What was brought, or that the command said on standard error why there is nothing. */
export type Fetched =
  | { readonly kind: "failed"; readonly exitCode: number }
  /** The caller releases it. */
  | { readonly kind: "here"; readonly directory: string; readonly release: () => Promise<void> };

/**
 * Runs a command of agentd there in an empty directory, and brings what it leaves in it into one here.
 *
 * @throws AgentdError `host_unreachable`, `host_unsuitable`, `host_lost`.
 */
export async function fetchThere(
  words: readonly string[],
  ssh: Ssh,
  { tried, version }: { readonly tried: string; readonly version: string },
): Promise<Fetched> {
  await ssh.connect(tried);
  const directory = await mkdtemp(join(tmpdir(), "agentd-fetch-"));
  const release = (): Promise<void> => removeTree(directory);
  let isKept = false;
  try {
    const there = execa("ssh", await ssh.args(["__remote", "--packed", version, "--", ...words]), {
      env: ssh.env,
      extendEnv: false,
      stdin: "ignore",
      stdout: "pipe",
      stderr: "inherit",
      buffer: false,
      reject: false,
    });
    const here = execa("tar", ["-x", "--no-same-owner", "-f", "-", "-C", directory], {
      env: { PATH: ssh.env["PATH"] },
      extendEnv: false,
      stdin: "pipe",
      reject: false,
    });
    await pipeline(there.stdout, here.stdin).catch(() => undefined); // Their exit codes say more.
    const [{ exitCode = NO_CONNECTION }, unpacked] = await Promise.all([there, here]);
    if (exitCode === OTHER_VERSION || exitCode === NO_CONNECTION) {
      throw (await ssh.fault(tried, version)) ?? lost(ssh, tried, "the connection ended");
    }
    if (exitCode !== 0) {
      const fault = await ssh.fault(tried, version);
      if (fault !== undefined) throw fault;
      return { kind: "failed", exitCode };
    }
    if (unpacked.exitCode !== 0) throw lost(ssh, tried, `tar cannot unpack it: ${unpacked.stderr.trim()}`);
    isKept = true;
    return { kind: "here", directory, release };
  } finally {
    if (!isKept) await release();
  }
}

function lost({ remote: { name } }: Ssh, tried: string, why: string): AgentdError {
  return new AgentdError("host_lost", {
    tried: `${tried} from ${name}`,
    why,
    next: "Nothing was copied. Run the command again.",
  });
}
