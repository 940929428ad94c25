/**
 * A session with an allowlist that runs in the workshop's daemon, its gateway, and a server that the session may reach.
 */
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { until } from "../../kit/until.mjs";
import { connectWire } from "../../kit/wire.mjs";

/** @typedef {import("../../kit/wire.mjs").Wire} Wire */

/**
 * @typedef {object} NetworkGround
 * @property {number} port Of the server.
 * @property {Wire} control To the gateway; it has said hello.
 * @property {number} daemon Its pid.
 * @property {number} gateway Its pid.
 * @property {number} session Pid of a process of the session.
 */

const PROFILE = "network";
const SERVER = fileURLToPath(new URL("server.mjs", import.meta.url));

/**
 * Sets it up, lends it out, and removes it.
 *
 * @template T
 * @param {import("../workshop.mjs").Workshop} workshop
 * @param {(ground: NetworkGround) => Promise<T>} use
 * @returns {Promise<T>}
 */
export async function onNetworkGround({ sandbox, config }, use) {
  const server = spawn(process.execPath, [SERVER], { stdio: ["pipe", "pipe", "inherit"] });
  const wire = await connectWire(sandbox.socketPath);
  /** @type {Wire | undefined} */
  let control;
  try {
    const port = Number(String((await once(server.stdout, "data"))[0]));
    const common = config.profiles[0];
    if (common === undefined) throw new Error("the workshop has no profile");
    const profile = {
      ...common,
      name: PROFILE,
      command: ["sleep", "86400"],
      network: "allowlist",
      allow: [`127.0.0.1:${port}`],
    };
    await sandbox.writeConfig({ ...config, profiles: [...config.profiles, profile] });
    await wire.call("reload");
    const { session_id: session } = await wire.call("run", { request_id: randomUUID(), profile: PROFILE });
    await until("the session runs", async () => (await wire.call("status")).sessions.running === 1);
    const status = await wire.call("status");
    control = await connectWire(await controlSocket(sandbox.runtimeDirectory(status.instance)));
    await control.call("hello", { protocol: 2, version: "bench" });
    const { sessions } = await control.call("list");
    const ground = {
      port,
      control,
      daemon: status.pid,
      gateway: status.gateway.pid,
      session: sessions[0].pid,
    };
    const result = await use(ground);
    await wire.call("stop", { session, grace_ms: 0 });
    await wire.call("wait", { session });
    return result;
  } finally {
    control?.close();
    wire.close();
    server.stdin.end();
    await sandbox.writeConfig(config);
  }
}

/** @param {string} directory */
async function controlSocket(directory) {
  const name = (await readdir(directory)).find((each) => /^gateway-\d+\.sock$/.test(each));
  if (name === undefined) throw new Error(`no gateway listens in ${directory}`);
  return join(directory, name);
}
