import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeCertificate } from "../certificates.mjs";
import { freePort } from "../free-ports.mjs";
import { until } from "../until.mjs";
import { type Asking, type Reply, send } from "../web-under-test.ts";
import type { World } from "../world.ts";
import type { Command } from "./command.ts";

/** A real `agentd web`, as a process of its own, before the daemon of a world. */
export interface RunningWeb {
  readonly port: number;
  /** `http://127.0.0.1:PORT`, or https. */
  readonly url: string;
  readonly token: string;
  /** The file that has it. */
  readonly tokenFile: string;
  readonly process: Command;
  readonly send: (path: string, asking?: Asking) => Promise<Reply>;
}

/** Says where `agentd web` will listen. Before the world's daemon starts, because they share a file. */
export async function chooseWebPort(world: World): Promise<number> {
  const port = await freePort();
  world.webKeys["listen"] = `127.0.0.1:${port}`;
  return port;
}

/** Writes `web.env`. @param variables values by name. */
export async function writeWebSecrets(
  world: World,
  variables: Readonly<Record<string, string>>,
): Promise<void> {
  const { sandbox } = await world.daemon();
  const directory = join(sandbox.directory, "config", "agentd");
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const lines = Object.entries(variables).map(([name, value]) => `${name}="${value}"\n`);
  await writeFile(join(directory, "web.env"), lines.join(""), { mode: 0o600 });
}

/** Starts it, and waits until it answers; the world ends it. @param typed what for, where it gets more in its environment. */
export async function startWebOf(world: World, port: number, typed = "agentd web"): Promise<RunningWeb> {
  const command = await world.startBeside(typed);
  await command.printed("agentd web ready");
  const { sandbox } = await world.daemon();
  const tokenFile = join(sandbox.stateDirectory, "web-token");
  await until("the token", async () => (await readFile(tokenFile, "utf8").catch(() => "")) !== "");
  return {
    ...{ port, tokenFile, process: command },
    url: `${world.webKeys["tls_key"] === undefined ? "http" : "https"}://127.0.0.1:${port}`,
    token: (await readFile(tokenFile, "utf8")).trim(),
    send: (path, asking) => send({ port }, path, asking),
  };
}

/** Has the operator's commands reach the daemon by HTTPS alone, as from another host: they know no socket and no record. */
export async function reachByHttps(world: World): Promise<void> {
  const port = await chooseWebPort(world);
  const directory = join(world.house.hostFiles, "tls");
  await mkdir(directory);
  const { authorityFile } = await makeCertificate(directory);
  world.webKeys["tls_certificate"] = join(directory, "server.pem");
  world.webKeys["tls_key"] = join(directory, "server.key");
  let variables: Promise<Readonly<Record<string, string>>> | undefined;
  world.operatorsVariables = async () => {
    variables ??= startWebOf(world, port).then(({ url, tokenFile }) => ({
      AGENTD_HOST: url,
      AGENTD_TOKEN_FILE: tokenFile,
      NODE_EXTRA_CA_CERTS: authorityFile,
      AGENTD_SOCKET: join(directory, "no-socket"),
      AGENTD_CONFIG: "",
      XDG_STATE_HOME: join(directory, "no-state"),
    }));
    return await variables;
  };
}
