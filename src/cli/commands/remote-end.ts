import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { type CommandDefinition, SESSION_FAULTS } from "../frame/command.ts";
import type { FarEnd, LocalContext } from "../frame/context.ts";
import type { OutputStream } from "../terminal/output.ts";

interface RemoteOptions {
  readonly frames?: true;
  readonly packed?: true;
}

/** What operators' agentds on other hosts start here by ssh. */
export const remoteEnd: CommandDefinition<LocalContext> = {
  name: "__remote",
  faults: SESSION_FAULTS,
  isHidden: true,
  place: "here",
  define: (command, start) =>
    command
      .summary("run a command for an operator on another host")
      .argument("<version>", "agentd there, which has to be the same")
      .argument("[words...]", "the command line")
      .option("--frames", "take the command line and input in frames, and give output in frames")
      .option("--packed", "run it in an empty directory, and print what it leaves as a tar archive")
      .action((theirs: string, words: readonly string[], options: RemoteOptions) => {
        start(async ({ farEnd, version }) => {
          if (options.frames === true) return await inFrames(farEnd, version);
          const { OTHER_VERSION } = await import("../../remote/there.ts");
          // The other side asks which version this is, and tells the operator.
          if (theirs !== version) return OTHER_VERSION;
          return options.packed === true ? await packed(words, farEnd) : await farEnd.run(words, {});
        });
      }),
};

async function inFrames(farEnd: FarEnd, version: string): Promise<number> {
  const { FarSide, FarStream } = await import("../../remote/far.ts");
  const { stdin, stdout: output, die, env } = farEnd;
  const far = new FarSide({ input: stdin(), output, die });
  const head = await far.begin(version);
  if (head === undefined) return 1;
  const { words, columns, resumed, request_id: requestId } = head;
  const code = await farEnd.run(words, {
    env: { ...env, TERM: undefined, COLORTERM: undefined, NO_COLOR: undefined, ...head.env },
    stdout: new FarStream("stdout", columns.stdout, far),
    stderr: new FarStream("stderr", columns.stderr, far),
    stdin: () => far.stdin(),
    isInteractive: () => false,
    onInterrupt: (listener) => far.onInterrupt(listener),
    readFile: (path) => far.readFile(path),
    newRequestId: () => Promise.resolve(requestId),
    away: { printed: resumed?.printed, once: (find) => far.once(find) },
  });
  await far.exit(code);
  return code;
}

/** Packs only files that agentd has written itself: no link of a session is among them. */
async function packed(words: readonly string[], { run, enter, env, stderr }: FarEnd): Promise<number> {
  const { removeTree } = await import("../../trees/remove-tree.ts");
  const directory = await mkdtemp(join(tmpdir(), "agentd-packed-"));
  try {
    enter(directory);
    const said = new Kept();
    const code = await run(words, { stdout: said, stderr: said });
    if (code !== 0) {
      await new Promise<void>((resolve) => stderr.write(said.text, () => resolve()));
      return code;
    }
    const { exitCode = 1 } = await execa("tar", ["-c", "-f", "-", "."], {
      cwd: directory,
      env: { PATH: env["PATH"] },
      extendEnv: false,
      stdin: "ignore",
      stdout: "inherit",
      stderr: "inherit",
      reject: false,
    });
    return exitCode;
  } finally {
    enter("/");
    await removeTree(directory);
  }
}

/** Keeps what a command says, for when it fails. */
class Kept implements OutputStream {
  #text = "";

  get text(): string {
    return this.#text;
  }

  write(chunk: Buffer | string, done: (error?: Error | null) => void): boolean {
    this.#text += chunk.toString();
    done();
    return true;
  }

  on(): this {
    return this;
  }
}
