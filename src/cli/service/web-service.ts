/** `agentd web` beside the daemon: asked over its socket, and started where it does not run. */
import { mkdir, open } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { execa } from "execa";
import { userUnitDirectory } from "../../config/paths.ts";
import { resolveSocketPath, webSocketPath } from "../../config/socket-path.ts";
import { AgentdError, sentence } from "../../errors.ts";
import { isThere } from "../../if-there.ts";
import { nobodyListens } from "../../rpc/protocol.ts";
import { type LocalContext, say } from "../frame/context.ts";

const ANSWER_LIMIT_MS = 10_000;
const START_LIMIT_MS = 20_000;
const LOOK_INTERVAL_MS = 100;

/**
 * Asks `agentd web`.
 *
 * @param path of what is asked for.
 * @throws AgentdError `web_not_running`.
 */
export async function askWeb<Answer>(
  { installation: { options, host } }: Pick<LocalContext, "installation">,
  path: "/login" | "/revoke",
): Promise<Answer> {
  return JSON.parse(await post(webSocketPath(await resolveSocketPath(options, host)), path)) as Answer;
}

/**
 * Starts `agentd web` unless it runs, and waits until it answers.
 *
 * @throws AgentdError `web_not_running` when it does not come up; `service_failed`.
 */
export async function ensureWeb(context: LocalContext): Promise<void> {
  const { options, host } = context.installation;
  const socket = webSocketPath(await resolveSocketPath(options, host));
  if (await answers(socket)) return;
  const log = await startWeb(context);
  const deadlineMs = context.clock.monotonic() + START_LIMIT_MS;
  while (!(await answers(socket))) {
    if (context.clock.monotonic() > deadlineMs) throw notRunning(socket, "it has not started", `See ${log}.`);
    await context.clock.sleep(LOOK_INTERVAL_MS, new AbortController().signal);
  }
  await say(context, `started agentd web; its messages are in ${log}`);
}

/** Starts it as a service, or in the background. Returns where its messages are. */
async function startWeb(context: LocalContext): Promise<string> {
  const { host, options, node, packageDirectory } = context.installation;
  const { WEB_UNIT } = await import("../../systemd/unit-file.ts");
  const isService = options.socket === undefined && (host.env["AGENTD_SOCKET"] ?? "") === "";
  if (isService && (await isThere(join(userUnitDirectory(host), WEB_UNIT)))) {
    const { UserManager } = await import("../../systemd/user-manager.ts");
    const manager = await UserManager.find(host.env, "start agentd web", join(packageDirectory, "examples"));
    await manager.startUnit(WEB_UNIT);
    return `journalctl --user -u ${WEB_UNIT}`;
  }
  await mkdir(context.stateDirectory, { recursive: true, mode: 0o700 });
  const path = join(context.stateDirectory, "web.log");
  const file = await open(path, "a", 0o600);
  try {
    const named = Object.entries(options).flatMap(([name, value]) =>
      typeof value === "string" ? [`--${name}`, value] : [],
    );
    const child = execa(node, [join(packageDirectory, "bin", "agentd"), "web", ...named], {
      env: host.env,
      extendEnv: false,
      detached: true,
      cleanup: false,
      reject: false,
      stdin: "ignore",
      stdout: "ignore",
      stderr: file.fd as 3, // Any descriptor will do; the types know only the first.
    });
    child.unref();
  } finally {
    await file.close();
  }
  return path;
}

async function answers(socketPath: string): Promise<boolean> {
  try {
    await ask(socketPath, "GET", "/");
    return true;
  } catch {
    return false; // It is about to start, or has ended.
  }
}

async function post(socketPath: string, path: string): Promise<string> {
  try {
    return await ask(socketPath, "POST", path);
  } catch (error) {
    throw notRunning(
      socketPath,
      nobodyListens(error) ? "nothing listens there" : sentence(error),
      "Start it with `systemctl --user start agentd-web` or `agentd web`.",
      error,
    );
  }
}

function ask(socketPath: string, method: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { socketPath, method, path, agent: false, timeout: ANSWER_LIMIT_MS },
      (answer) => {
        let text = "";
        answer.setEncoding("utf8").on("data", (piece: string) => (text += piece));
        answer.on("end", () => {
          if (answer.statusCode === 200) resolve(text);
          else reject(new Error(`it answered with status ${answer.statusCode ?? "?"}`));
        });
      },
    );
    outgoing.on("timeout", () => outgoing.destroy(new Error("it does not answer")));
    outgoing.on("error", reject);
    outgoing.end();
  });
}

function notRunning(path: string, why: string, next: string, cause?: unknown): AgentdError {
  return new AgentdError("web_not_running", { tried: `reach agentd web on ${path}`, why, next, cause });
}
