import { expect } from "vitest";
import type { Topic } from "./topic.ts";

/** What the operator types, and how it exits. */
export const COMMANDS: Topic = [
  {
    pattern: "the operator runs {command}",
    run: async (world, text: string) => (await world.start(text)).end(),
  },
  {
    pattern: "the operator runs {command} without a daemon",
    run: async (world, text: string) => (await world.startWithoutDaemon(text)).end(),
  },
  {
    pattern: "the operator starts {command}",
    run: (world, text: string) => world.start(text),
  },
  {
    pattern: "the operator starts {command} on a terminal",
    run: (world, text: string) =>
      world.start(`script --quiet --return --command "stty cols 200; exec ${text}" /dev/null`),
  },
  {
    pattern: "it/they has/have ended",
    run: (world) => Promise.all(world.commands.map((command) => command.end())),
  },
  {
    pattern: "it exits with {int}",
    run: async (world, code: number) => expect(await world.command.end()).toBe(code),
  },
  {
    pattern: "{command} exits with {int}",
    run: async (world, text: string, code: number) => expect(await world.commandOf(text).end()).toBe(code),
  },
];
