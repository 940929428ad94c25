/**
 * `npm run quickstart`: a real session in a real rootless container from a real repository, up to a verified record. It
 * uses its own directory and Podman storage, and does not touch an agentd that you use.
 */
import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { homedir, userInfo } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Sandbox } from "../../test/kit/agentd.mjs";
import { prepareContainersEnvironment } from "../../test/kit/containers-environment.mjs";
import { startGitServer } from "../../test/kit/git-server.mjs";
import { CREDENTIAL, demoConfig, demoImage, demoRepository } from "./demo.mjs";
import { nextSteps } from "./next-steps.mjs";
import { showRecord } from "./show-record.mjs";

const checkout = fileURLToPath(new URL("../..", import.meta.url));

const STEPS = 8;
let steps = 0;

/** @param {string} title */
function step(title) {
  steps += 1;
  process.stdout.write(`\n[${steps}/${STEPS}] ${title}\n`);
}

/** @param {string} text */
function say(text) {
  process.stdout.write(`      ${text}\n`);
}

async function openSandbox() {
  const containers = await prepareContainersEnvironment();
  const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  const sandbox = new Sandbox(containers, join(cache, "agentd-quickstart"));
  await mkdir(join(sandbox.directory, "home"), { recursive: true });
  return sandbox;
}

/**
 * Runs a command of agentd with live output, and throws when the command fails.
 *
 * @param {Sandbox} sandbox
 * @param {string[]} args
 */
async function show(sandbox, args) {
  process.stdout.write(`\n$ agentd ${args.join(" ")}\n`);
  const command = sandbox.spawn(args, { timeoutMs: 0 });
  command.stdout.pipe(process.stdout, { end: false });
  command.stderr.pipe(process.stderr, { end: false });
  const { exitCode, signal } = await command;
  if (exitCode !== 0) throw new Error(`agentd ${args[0]} ended with ${exitCode ?? signal}`);
}

/** @param {Sandbox} sandbox */
async function runAndVerify(sandbox) {
  step("Running a session: agentd clones, starts the container, passes the credential");
  await show(sandbox, ["run", "demo", "--work-unit", "issue-42", "--request", "Write a greeting"]);

  step("Verifying the sealed record");
  const [newest] = await sandbox.runJson(["ps", "--all", "--limit", "1", "--json"]);
  await show(sandbox, ["audit", "verify", newest.session_id]);
  process.stdout.write(`\n${await showRecord(newest.record)}\n`);

  step("Showing what came out: a commit, and a file that the agent had not committed");
  await show(sandbox, ["diff", newest.session_id]);
  return newest.record;
}

async function main() {
  step("Preparing the quickstart's own Podman storage");
  const sandbox = await openSandbox();
  say(sandbox.containers.cacheDirectory);

  step("Making an image with git (the first time takes half a minute)");
  const image = await demoImage(sandbox, say);
  say(image);

  step("Serving a repository over http on loopback");
  const repositories = join(sandbox.directory, "repositories");
  await demoRepository(repositories);
  const server = await startGitServer(repositories);
  const repository = `${server.url}/demo.git`;
  say(repository);

  step("Writing a configuration with one profile and one credential");
  await sandbox.writeConfig(demoConfig({ image, repository }));
  say(sandbox.configFile);

  step("Starting the daemon");
  try {
    const daemon = await sandbox.startDaemon({ env: { [CREDENTIAL]: randomBytes(20).toString("hex") } });
    say(`process ${daemon.pid}, socket ${sandbox.socketPath}`);
    const record = await runAndVerify(sandbox);
    await daemon.stop();
    return record;
  } finally {
    await sandbox.endDaemons();
    await server.close();
  }
}

// Ctrl-C also ends the daemon and the running command; the code below then cleans up.
process.on("SIGINT", () => undefined);

try {
  const record = await main();
  process.stdout.write(`
The session ran, its record is verified, and its patch is above. The daemon is stopped; the record is kept:
  ${record}
${nextSteps({
  user: userInfo().username,
  checkout,
  home: homedir(),
  runtimeDirectory: process.env["XDG_RUNTIME_DIR"],
  node: dirname(process.execPath),
})}
`);
} catch (error) {
  process.stderr.write(`\nquickstart: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
