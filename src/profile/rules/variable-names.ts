/** Which environment variables a profile may set, by `env` or as a credential. */
import { shellKeeps, VARIABLE_NAME } from "../../credentials/shell-names.ts";

const SET_BY_AGENTD: ReadonlySet<string> = new Set(["AGENT_NAME", "HOME"]);

/** Names that the loader, an interpreter or git reads to decide what else to load or run. */
const CHANGES_LOADING: ReadonlySet<string> = new Set([
  "PATH",
  "DOTNET_STARTUP_HOOKS",
  "GCONV_PATH",
  "GLIBC_TUNABLES",
  "JAVA_TOOL_OPTIONS",
  "JDK_JAVA_OPTIONS",
  "LUA_INIT",
  "NODE_OPTIONS",
  "NODE_PATH",
  "PERL5LIB",
  "PERL5OPT",
  "PERLLIB",
  "PYTHONHOME",
  "PYTHONPATH",
  "PYTHONSTARTUP",
  "RUBYLIB",
  "RUBYOPT",
  "_JAVA_OPTIONS",
  "npm_config_node_options",
]);
/** Of git's own variables, those that only say who commits. */
const GIT_IDENTITY = /^GIT_(?:AUTHOR|COMMITTER)_/;

/** The rule that a name breaks as a sentence without a full stop; undefined when a profile may set it. */
export function variableNameFault(name: string): string | undefined {
  if (!VARIABLE_NAME.test(name)) {
    return "must consist of letters, digits and underscores, and must not start with a digit";
  }
  if (name.startsWith("AGENTD_") || SET_BY_AGENTD.has(name)) {
    return "agentd sets this variable itself (AGENTD_*, AGENT_NAME, HOME)";
  }
  if (shellKeeps(name)) return "the shell reserves this name, so the value would not reach the command";
  if (CHANGES_LOADING.has(name) || name.startsWith("LD_")) {
    return "this variable changes how programs load (PATH, LD_*, NODE_OPTIONS, PYTHONPATH and the like)";
  }
  if (name.startsWith("GIT_") && !GIT_IDENTITY.test(name)) {
    return "this variable changes how git works; of GIT_*, only GIT_AUTHOR_* and GIT_COMMITTER_* are accepted";
  }
  return undefined;
}
