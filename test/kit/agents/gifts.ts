/** What an agent is given besides its task: a skill, and an MCP server that is a shell script of the repository. */
import { join } from "node:path";
import { writeFiles } from "../files.mjs";

/** A model that can use the skill was told this. */
export const SKILL_DESCRIPTION = "How greetings are written in this house";

/** Makes the skill's directory. @returns its path. */
export async function writeSkill(directory: string): Promise<string> {
  await writeFiles(directory, {
    "skills/greet/SKILL.md": `---\nname: greet\ndescription: ${SKILL_DESCRIPTION}\n---\n\nIn lower case.\n`,
  });
  return join(directory, "skills", "greet");
}

export const MCP_SERVER = { name: "greeter", command: ["sh", "greeter.sh"] };
/** Of its only tool; agents put the server's name before it. */
export const MCP_TOOL = "say_hello";

/** Speaks as much of the protocol as agents ask for before a tool is called. */
const SERVER = `
answer() { printf '{"jsonrpc":"2.0","id":%s,"result":%s}\\n' "$id" "$1"; }
while IFS= read -r line; do
  id=$(printf '%s' "$line" | sed -n 's/.*"id":\\([0-9]*\\).*/\\1/p')
  version=$(printf '%s' "$line" | sed -n 's/.*"protocolVersion":"\\([0-9-]*\\)".*/\\1/p')
  case $line in
    *'"method":"initialize"'*)
      answer '{"protocolVersion":"'"$version"'","capabilities":{"tools":{}},"serverInfo":{"name":"greeter","version":"1.0.0"}}' ;;
    *'"method":"tools/list"'*)
      answer '{"tools":[{"name":"${MCP_TOOL}","description":"Says hello","inputSchema":{"type":"object","properties":{}}}]}' ;;
    *'"method":"ping"'*) answer '{}' ;;
    *'"method":"notifications/'*) ;;
    *) [ -z "$id" ] || printf '{"jsonrpc":"2.0","id":%s,"error":{"code":-32601,"message":"no such method"}}\\n' "$id" ;;
  esac
done
`;

/** Files of the repository. */
export const REPOSITORY = { "README.md": "A house\n", "greeter.sh": SERVER };
