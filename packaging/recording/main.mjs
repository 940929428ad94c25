/**
 * `npm run recording`: makes the SVG of the README from a real session: commands that are typed into a real terminal, with a
 * real daemon, container and repository. The agent is a shell script, as no model writes the same twice.
 *
 * Usage: main.mjs FILE
 */
import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { Sandbox } from "../../test/kit/agentd.mjs";
import { prepareContainersEnvironment } from "../../test/kit/containers-environment.mjs";
import { ensureDebianGitImage } from "../../test/kit/images.mjs";
import { makeRepository } from "../../test/kit/repositories.mjs";
import { Screen } from "./screen.mjs";
import { svgOf } from "./svg.mjs";

const SIZE = { columns: 96, rows: 22 };
const PROMPT = "\u001b[1;32m$\u001b[0m ";
const BIN = fileURLToPath(new URL("../../bin", import.meta.url));

const AGENT = `#!/bin/sh
set -e
echo "I read README.md and the request: $1"
sleep 1
sed -i 's/Helo/Hello/' README.md
git commit --quiet --all --message "Fix the typo in the greeting"
echo "README.md said Helo. I fixed it and committed the fix."
`;

const TYPED = [
  'agentd run fixer --request "Fix the typo in README"',
  "agentd diff --latest",
  "agentd audit verify --latest",
];

const [file] = process.argv.slice(2);
if (file === undefined) throw new Error("usage: npm run recording -- FILE");

const containers = await prepareContainersEnvironment();
// Its path is in what is recorded: short, and nobody's home.
const sandbox = new Sandbox(containers, "/tmp/demo");
await rm(sandbox.directory, { recursive: true, force: true });
await mkdir(join(sandbox.directory, "home"), { recursive: true });
await makeRepository(join(sandbox.directory, "site.git"), {
  files: { "README.md": "# Site\n\nHelo world\n", "agent.sh": { content: Buffer.from(AGENT), mode: 0o755 } },
});
await sandbox.writeConfig({
  profiles: [
    {
      name: "fixer",
      base_image: await ensureDebianGitImage(containers),
      repo: join(sandbox.directory, "site.git"),
      command: ["./agent.sh", "$AGENTD_REQUEST"],
    },
  ],
});

const screen = new Screen(SIZE);
try {
  const daemon = await sandbox.startDaemon();
  for (const command of TYPED) await type(command);
  await screen.show(PROMPT, 400);
  await daemon.stop();
} finally {
  await sandbox.endDaemons();
}
await mkdir(dirname(file), { recursive: true });
await writeFile(file, svgOf(screen.snapshots, SIZE));
process.stdout.write(`${file}\n`);

/** Types a command as a person does, and shows what it prints when it prints it. @param {string} command */
async function type(command) {
  await screen.show(PROMPT, 700);
  for (const character of command) await screen.show(character, 65);
  await screen.show("\r\n", 300);
  const shell = `stty cols ${SIZE.columns} rows ${SIZE.rows}; ${command}`;
  const running = execa("script", ["--quiet", "--return", "--flush", "--command", shell, "/dev/null"], {
    env: {
      ...sandbox.env,
      PATH: `${BIN}:${sandbox.env["PATH"] ?? ""}`,
      TERM: "xterm-256color",
      PAGER: "cat",
      SHELL: "/bin/sh",
    },
    extendEnv: false,
    stdin: "ignore",
  });
  let before = performance.now();
  for await (const chunk of running.iterable({ from: "stdout", binary: true, preserveNewlines: true })) {
    const now = performance.now();
    await screen.show(chunk, now - before);
    before = now;
  }
  await running;
}
