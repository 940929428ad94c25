/**
 * A real ssh server on loopback for the user that runs the tests, and what a client needs to log in: an agent with a
 * key, and an ssh that knows the server's host key. The user's own ~/.ssh is neither read nor written.
 */
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { userInfo } from "node:os";
import { delimiter, join } from "node:path";
import { execa } from "execa";
import { findProgram } from "./find-program.mjs";
import { until } from "./until.mjs";

/**
 * @typedef {object} SshServer
 * @property {string} url Without a slash at the end; what follows is a path of this host.
 * @property {string} knownHostsFile What the client knows; holds the server's key.
 * @property {{ PATH: string, SSH_AUTH_SOCK: string }} variables For a client: its `ssh` and its agent.
 * @property {() => number} sentBytes How much the server has sent so far.
 * @property {() => void} cut Breaks every connection, as a network does that fails.
 * @property {(isReachable: boolean) => void} reach False: connections are broken as soon as they are made.
 * @property {() => Promise<void>} close
 */

/**
 * Starts server and agent.
 *
 * @param {string} directory Existing directory for keys, sockets and configuration.
 * @param {{ variables?: Readonly<Record<string, string | undefined>> }} [options] Variables of what runs on the server,
 *   besides those of a login; none has a quote in it.
 * @returns {Promise<SshServer>}
 */
export async function startSshServer(directory, { variables = {} } = {}) {
  const [hostKey, userKey] = [join(directory, "host-key"), join(directory, "user-key")];
  for (const key of [hostKey, userKey])
    await execa("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
  const configFile = join(directory, "sshd_config");
  await writeFile(configFile, serverConfig(hostKey, `${userKey}.pub`, variables));
  const sshd = await findProgram("sshd");

  let sent = 0;
  let isReachable = true;
  /** @type {Set<import("node:net").Socket>} */
  const sockets = new Set();
  const server = createServer((socket) => {
    if (!isReachable) return void socket.destroy();
    sockets.add(socket.once("close", () => sockets.delete(socket)));
    // One process per connection, as inetd does it: so the port may be any that is free.
    const connection = execa(sshd, ["-i", "-f", configFile], {
      buffer: false,
      reject: false,
      stderr: "ignore",
    });
    connection.stdout.on("data", (/** @type {Buffer} */ chunk) => (sent += chunk.length));
    socket.pipe(connection.stdin).on("error", () => socket.destroy());
    connection.stdout.pipe(socket).on("error", () => connection.kill());
  });
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => resolve(undefined));
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the ssh server has no port");

  const knownHostsFile = join(directory, "known_hosts");
  const publicKey = await readFile(`${hostKey}.pub`, "utf8");
  await writeFile(knownHostsFile, `[127.0.0.1]:${address.port} ${publicKey}`);
  const agent = await startAgent(join(directory, "agent.sock"), userKey);
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  const bin = await makeClient(directory, knownHostsFile);
  return {
    url: `ssh://${userInfo().username}@127.0.0.1:${address.port}`,
    knownHostsFile,
    variables: {
      PATH: [bin, process.env["PATH"]].join(delimiter),
      SSH_AUTH_SOCK: agent.socket,
    },
    sentBytes: () => sent,
    cut,
    reach: (reachable) => void (isReachable = reachable),
    async close() {
      cut();
      await new Promise((resolve) => server.close(resolve));
      await agent.end();
    },
  };
}

/**
 * @param {string} hostKey
 * @param {string} authorizedKeys
 * @param {Readonly<Record<string, string | undefined>>} variables
 */
function serverConfig(hostKey, authorizedKeys, variables) {
  const set = Object.entries(variables).flatMap(([name, value]) =>
    value === undefined ? [] : [`"${name}=${value}"`],
  );
  return [
    ...(set.length === 0 ? [] : [`SetEnv ${set.join(" ")}`]),
    `HostKey ${hostKey}`,
    `AuthorizedKeysFile ${authorizedKeys}`,
    "AuthenticationMethods publickey",
    "PidFile none",
    "StrictModes no",
    "UsePAM no",
    "",
  ].join("\n");
}

/** @param {string} socket @param {string} key */
async function startAgent(socket, key) {
  const agent = execa("ssh-agent", ["-D", "-a", socket], { reject: false });
  const add = { env: { SSH_AUTH_SOCK: socket }, reject: false };
  await until("the key in the agent", async () => (await execa("ssh-add", ["-q", key], add)).exitCode === 0);
  const end = async () => {
    agent.kill();
    await agent;
  };
  return { socket, end };
}

/** An `ssh` in a directory of its own, for the front of PATH. @param {string} directory @param {string} knownHostsFile */
async function makeClient(directory, knownHostsFile) {
  const bin = join(directory, "bin");
  await mkdir(bin);
  const options = [
    ...["-F", "none"],
    ...["-o", `UserKnownHostsFile=${knownHostsFile}`],
    ...["-o", "GlobalKnownHostsFile=none"],
    ...["-o", "IdentityFile=none"],
  ];
  const ssh = join(bin, "ssh");
  await writeFile(ssh, `#!/bin/sh\nexec ${await findProgram("ssh")} ${options.join(" ")} "$@"\n`);
  await chmod(ssh, 0o755);
  return bin;
}
