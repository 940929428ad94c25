/** Which environment variables a profile may set, by `env` or as a credential. */
import { shellKeeps, VARIABLE_NAME } from "../credentials/shell-names.ts";

const SET_BY_AGENTD: ReadonlySet<string> = new Set(["AGENT_NAME", "HOME"]);
const CHANGES_LOADING: ReadonlySet<string> = new Set(["PATH", "NODE_OPTIONS"]);

/** The rule that a name breaks as a sentence without a full stop; undefined when a profile may set it. */
export function variableNameFault(name: string): string | undefined {
  if (!VARIABLE_NAME.test(name)) {
    return "an environment variable's name has letters, digits and underscores, and does not begin with a digit";
  }
  if (name.startsWith("AGENTD_") || SET_BY_AGENTD.has(name)) {
    return "agentd sets this variable itself (AGENTD_*, AGENT_NAME, HOME)";
  }
  if (shellKeeps(name)) return "the shell keeps this name for itself, so a value would not arrive";
  if (CHANGES_LOADING.has(name) || name.startsWith("LD_") || name.startsWith("GIT_CONFIG")) {
    return "this variable changes how programs load or are configured (PATH, LD_*, NODE_OPTIONS, GIT_CONFIG*)";
  }
  return undefined;
}
