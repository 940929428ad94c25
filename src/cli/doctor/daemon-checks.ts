/** The configuration, and the daemon that may run with it. */
import type { Status } from "../../api/methods.ts";
import type { Config } from "../../config/config.ts";
import type { Problem } from "../../config/problems.ts";
import { AgentdError } from "../../errors.ts";
import { failure, type Finding, ok, warning } from "../../finding.ts";
import { changedFiles } from "../words/changed-files.ts";
import { countText } from "../words/size-text.ts";
import { findingOf } from "./run-checks.ts";

/** The result of reading the configuration; an error says why there is none. */
export type LoadedConfig = Config | AgentdError;

/** One finding, or one for each problem of the file. */
export function configFindings(loaded: LoadedConfig): readonly Finding[] {
  if (!(loaded instanceof AgentdError)) {
    return [ok(`${loaded.file}, with ${countText(loaded.profiles.length, "profile")}`)];
  }
  const { file, problems } = (loaded.details ?? {}) as { file?: string; problems?: readonly Problem[] };
  if (file === undefined || problems === undefined) return [findingOf(loaded)];
  return problems.map(({ path, value, rule, line }) => {
    const place = line === undefined ? file : `${file}:${line}`;
    return failure(`${path}: ${value === undefined ? "" : `${value}: `}${rule}`, `correct ${place}`);
  });
}

/** The daemon's status; an error if no daemon runs, `hung` if a daemon runs but does not answer. */
export type DaemonAnswer = Status | AgentdError | "hung";

/** No finding if another finding says why no daemon can be asked. */
export function daemonFinding(answer: DaemonAnswer, loaded: LoadedConfig): Finding | undefined {
  if (answer === "hung") {
    return warning("a daemon holds the socket but does not answer", "systemctl --user restart agentd");
  }
  if (answer instanceof AgentdError) return unanswered(answer);
  const running = `agentd ${answer.version} runs as process ${answer.pid}`;
  if (loaded instanceof AgentdError) return ok(running);
  if (answer.config_file !== loaded.file) {
    return warning(
      `${running} with ${answer.config_file}, but this command checked ${loaded.file}`,
      `agentd --config ${answer.config_file} doctor`,
    );
  }
  const changed = changedFiles(answer).join(" and ");
  if (changed === "") return ok(running);
  return warning(`${running}, but files have changed since it read them: ${changed}`, "agentd reload");
}

function unanswered({ code, message, next }: AgentdError): Finding | undefined {
  if (code === "daemon_not_running") return ok("no daemon is running");
  const isToldAlready = code === "runtime_directory_missing" || code.startsWith("config_");
  return isToldAlready ? undefined : warning(message, next ?? "agentd status");
}
