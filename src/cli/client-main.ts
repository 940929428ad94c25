/**
 * The program of the commands that only ask the daemon, a sixth of the whole one: V8 reads all of a program before it
 * starts, and these commands are the ones that people and scripts wait for.
 */
import { CLIENT_COMMANDS } from "./client-commands.ts";
import { hostOf } from "./process-host.ts";
import { runCommandLine } from "./run-command-line.ts";

/** Runs the command line of this process and sets its exit code. */
export async function main(process: NodeJS.Process): Promise<void> {
  process.exitCode = await runCommandLine(hostOf(process), {
    commands: CLIENT_COMMANDS,
    contextOf: (basics) => basics,
  });
}
