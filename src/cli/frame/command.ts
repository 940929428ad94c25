/**
 * What a file in `commands/` exports: the command's syntax and its exit codes for errors.
 */
import type { Command } from "commander";
import { RUN_EXIT_WITHOUT_OUTCOME } from "../../outcome.ts";
import type { CliContext } from "./context.ts";

/** What a command does; resolves to the exit code. */
export type Body<Context> = (context: Context) => Promise<number>;

/** @typeParam Context what the command needs of its program. */
export interface CommandDefinition<Context = CliContext> {
  /** The words that name it, such as `ps` or `audit verify`. */
  readonly name: string;
  /** Other words for it, which users of other programs type by habit. Default none. */
  readonly aliases?: readonly string[];
  readonly faults: FaultCodes;
  /** Whether no help mentions it, because programs use it and not people. Default false. */
  readonly isHidden?: boolean;
  /** How it runs when the operator names another host. Default `there`. */
  readonly place?: Place;
  /**
   * Says what the command is and takes.
   *
   * @param start takes the body; the command's action calls it once.
   */
  readonly define: (command: Command, start: (body: Body<Context>) => void) => void;
}

/**
 * How a command runs for another host: there with the operator's terminal and streams (`there`); there, and again where
 * its connection was cut (`followed`); there, with its files brought here (`fetched`), or here in any case (`here`).
 */
export type Place = "there" | "followed" | "fetched" | "here";

/** Exit codes for what goes wrong. */
export interface FaultCodes {
  readonly usage: number;
  readonly other: number;
}

export const FAULTS: FaultCodes = { usage: 2, other: 1 };

/** For commands that exit with a session's exit code: a fault must not look like an outcome. */
export const SESSION_FAULTS: FaultCodes = {
  usage: RUN_EXIT_WITHOUT_OUTCOME,
  other: RUN_EXIT_WITHOUT_OUTCOME,
};

/** The same text below the help of every command. */
export function example(...lines: readonly string[]): string {
  const heading = lines.length === 1 ? "Example:" : "Examples:";
  return ["", heading, ...lines.map((line) => `  ${line}`)].join("\n");
}
