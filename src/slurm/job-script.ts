import { jobName, type PlacedJob } from "../placement/placement.ts";

/** Where agentd is looked for on a node, which is not told by whoever submits. */
const NODE_PATH = "${HOME:+$HOME/.local/bin:}/usr/local/bin:/usr/bin:/bin";

/** What the words of a script may be, so that no shell reads anything else in them. */
const WORDS = {
  address: /^(?:[A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9a-fA-F:.]+\]):\d{1,5}$/,
  fingerprint: /^[0-9a-f]{64}$/,
  token: /^[A-Za-z0-9_-]{22,128}$/,
  directory: /^\/[A-Za-z0-9_./-]+$/,
  name: /^agentd-[0-9a-f]{8}-[0-9a-f]{16}-\d+$/,
} as const;

/**
 * The script of a job: constant but for where the head is and a token that works once, which is on no command line.
 *
 * @param path PATH on the node. Default: the user's own programs, then the system's.
 * @param directory for sessions on the node. Default: the runner's own.
 * @throws Error for a value that is not what it should be.
 */
export function jobScript(job: PlacedJob, path = NODE_PATH, directory?: string): string {
  const { claim, isResume } = job;
  const args = [
    `--head=${word("address", claim.address)}`,
    `--fingerprint=${word("fingerprint", claim.fingerprint)}`,
    `--job=${word("name", jobName(job))}`,
    ...(isResume ? ["--resume"] : []),
    ...(directory === undefined ? [] : [`--directory=${word("directory", directory)}`]),
  ];
  return [
    "#!/bin/sh",
    "umask 077",
    `PATH=${path}`,
    "export PATH",
    `exec agentd exec-one ${args.join(" ")} <<'CLAIM'`,
    word("token", claim.token),
    "CLAIM",
    "",
  ].join("\n");
}

function word(what: keyof typeof WORDS, value: string): string {
  // Not the value: it may be a token.
  if (!WORDS[what].test(value)) throw new Error(`the ${what} of a job has a form that no shell should see`);
  return value;
}
