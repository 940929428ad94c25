/** What the tools of each agent are called: a model has to know, nothing else of the tests does. */
import type { DialectName } from "../../../src/llm/prices/types.ts";

export interface Tools {
  /** Runs a command in a shell. */
  readonly shell: { readonly name: string; input(command: string): object };
  /** Writes a file of the repository; undefined: it has none, and uses the shell. */
  readonly write?: { readonly name: string; input(path: string, content: string): object };
}

const OPENCODE_SHELL: Tools["shell"] = {
  name: "bash",
  input: (command) => ({ command, description: "Runs a command" }),
};

/** By agent, and for opencode, which offers each provider's models other tools, by dialect. */
const TOOLS: Readonly<Record<string, Tools>> = {
  claude: {
    shell: { name: "Bash", input: (command) => ({ command, description: "Runs a command" }) },
    write: { name: "Write", input: (path, content) => ({ file_path: path, content }) },
  },
  codex: { shell: { name: "exec_command", input: (command) => ({ cmd: command }) } },
  gemini: {
    shell: { name: "run_shell_command", input: (command) => ({ command }) },
    write: { name: "write_file", input: (path, content) => ({ file_path: path, content }) },
  },
  "opencode of anthropic": {
    shell: OPENCODE_SHELL,
    write: { name: "write", input: (path, content) => ({ filePath: path, content }) },
  },
  opencode: {
    shell: OPENCODE_SHELL,
    write: {
      name: "apply_patch",
      input: (path, content) => ({
        patchText: `*** Begin Patch\n*** Add File: ${path}\n+${content}*** End Patch`,
      }),
    },
  },
  pi: {
    shell: { name: "bash", input: (command) => ({ command }) },
    write: { name: "write", input: (path, content) => ({ path, content }) },
  },
};

/** The tools that an agent offers the models of a dialect. */
export function toolsOf(agent: string, dialect: DialectName): Tools {
  const tools = TOOLS[`${agent} of ${dialect}`] ?? TOOLS[agent];
  if (tools === undefined) throw new Error(`nobody has written down the tools of ${agent}`);
  return tools;
}
