/** The agents under test: how each is run, and what its tools are called. */
import type { DialectName } from "../../src/llm/prices/types.ts";

/** Where a session has the agents' packages. */
export const MOUNTED = "/opt/agents";

export interface Agent {
  readonly name: string;
  /** Of npm; `cli/package.json` has its version. */
  readonly package: string;
  readonly dialect: DialectName;
  readonly command: readonly string[];
  readonly files?: readonly { readonly target: string; readonly content: string }[];
  readonly env?: Readonly<Record<string, string>>;
  /** The tool that runs a command in a shell. */
  readonly shell: { readonly name: string; input(command: string): object };
  /** The tool that writes a file of the repository; undefined: it has none, and uses the shell. */
  readonly write?: { readonly name: string; input(path: string, content: string): object };
}

const MODULES = `${MOUNTED}/node_modules`;
const NODE = `${MODULES}/node-linux-${process.arch}/bin/node`;
// Where there are two, this one asks less of the processor.
const OPENCODE = `${MODULES}/opencode-linux-${process.arch === "x64" ? "x64-baseline" : process.arch}/bin/opencode`;
const OPENCODE_SHELL: Agent["shell"] = {
  name: "bash",
  input: (command) => ({ command, description: "Runs a command" }),
};
const REQUEST = "$AGENTD_REQUEST";

const CODEX_CONFIG = `
model = "gpt-5.1-codex"
model_provider = "gateway"
web_search = "disabled"

[model_providers.gateway]
name = "gateway"
base_url = "http://127.0.0.1:8790/v1"
env_key = "OPENAI_API_KEY"
wire_api = "responses"
supports_websockets = false
`;

const GEMINI_SETTINGS = {
  security: { auth: { selectedType: "gemini-api-key" }, folderTrust: { enabled: false } },
};

export const AGENTS: readonly Agent[] = [
  {
    name: "codex",
    package: "@openai/codex",
    dialect: "openai",
    command: [
      NODE,
      `${MODULES}/@openai/codex/bin/codex.js`,
      "exec",
      "--dangerously-bypass-approvals-and-sandbox",
      REQUEST,
    ],
    files: [{ target: "~/.codex/config.toml", content: CODEX_CONFIG }],
    shell: { name: "exec_command", input: (command) => ({ cmd: command }) },
  },
  {
    name: "opencode",
    package: "opencode-ai",
    dialect: "openai",
    command: [OPENCODE, "run", "-m", "openai/gpt-5.1", REQUEST],
    shell: OPENCODE_SHELL,
    write: {
      name: "apply_patch",
      input: (path, content) => ({
        patchText: `*** Begin Patch\n*** Add File: ${path}\n+${content}*** End Patch`,
      }),
    },
  },
  {
    name: "opencode-claude",
    package: "opencode-ai",
    dialect: "anthropic",
    command: [OPENCODE, "run", "-m", "anthropic/claude-sonnet-4-5", REQUEST],
    shell: OPENCODE_SHELL,
    write: { name: "write", input: (path, content) => ({ filePath: path, content }) },
  },
  {
    name: "claude",
    package: "@anthropic-ai/claude-code",
    dialect: "anthropic",
    command: [
      `${MODULES}/@anthropic-ai/claude-code-linux-${process.arch}/claude`,
      "-p",
      "--model",
      "claude-sonnet-4-5",
      "--dangerously-skip-permissions",
      REQUEST,
    ],
    env: { CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1" },
    shell: { name: "Bash", input: (command) => ({ command, description: "Runs a command" }) },
    write: { name: "Write", input: (path, content) => ({ file_path: path, content }) },
  },
  {
    name: "gemini",
    package: "@google/gemini-cli",
    dialect: "gemini",
    command: [
      NODE,
      `${MODULES}/@google/gemini-cli/bundle/gemini.js`,
      "--yolo",
      "-m",
      "gemini-2.5-pro",
      "-p",
      REQUEST,
    ],
    files: [{ target: "~/.gemini/settings.json", content: JSON.stringify(GEMINI_SETTINGS) }],
    // Its shell hides the home's configuration of git, where the session's identity is.
    env: {
      GIT_AUTHOR_NAME: "gemini",
      GIT_AUTHOR_EMAIL: "gemini@example.org",
      GIT_COMMITTER_NAME: "gemini",
      GIT_COMMITTER_EMAIL: "gemini@example.org",
    },
    shell: { name: "run_shell_command", input: (command) => ({ command }) },
    write: { name: "write_file", input: (path, content) => ({ file_path: path, content }) },
  },
];
