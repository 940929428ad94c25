/**
 * What a file in `commands/` exports: how its command is typed, and what it exits with when it cannot be done.
 */
import type { Command } from "commander";
import { RUN_EXIT_WITHOUT_OUTCOME } from "../outcome.ts";
import type { CliContext } from "./context.ts";

/** What a command does; resolves to the exit code. */
export type Body = (context: CliContext) => Promise<number>;

export interface CommandDefinition {
  /**
   * Adds the command to the program.
   *
   * @param start takes the body; the command's action calls it once.
   * @returns the command that was added.
   */
  readonly add: (program: Command, start: (body: Body) => void) => Command;
  readonly faults: FaultCodes;
}

/** Exit codes for what goes wrong. */
export interface FaultCodes {
  readonly usage: number;
  readonly other: number;
}

export const FAULTS: FaultCodes = { usage: 2, other: 1 };

/** For commands that exit as a session ended: no fault may look like an outcome. */
export const SESSION_FAULTS: FaultCodes = {
  usage: RUN_EXIT_WITHOUT_OUTCOME,
  other: RUN_EXIT_WITHOUT_OUTCOME,
};

/** The same text below the help of every command. */
export function example(...lines: readonly string[]): string {
  const heading = lines.length === 1 ? "Example:" : "Examples:";
  return ["", heading, ...lines.map((line) => `  ${line}`)].join("\n");
}

/** The command that holds others, such as `audit`; made when the first of them asks for it. */
export function commandGroup(program: Command, name: string, description: string): Command {
  const existing = program.commands.find((command) => command.name() === name);
  return existing ?? program.command(name).description(description);
}
