import { parse } from "@iarna/toml";
import { expect, onTestFinished } from "vitest";
import { type HttpReceiver, startHttpReceiver } from "../../kit/http-receiver.ts";
import { until } from "../../kit/until.mjs";
import type { World } from "../../kit/world.ts";
import type { Topic } from "./topic.ts";

interface Message {
  readonly data: { readonly title: string; readonly text: string };
}

/** The receivers of scenarios. */
const RECEIVERS = new WeakMap<World, HttpReceiver>();

/** Who is told of what needs a person. */
export const NOTIFICATIONS: Topic = [
  {
    pattern: "a receiver of messages, whose address is in {string}",
    run: async (world, variable: string) => {
      const receiver = await startHttpReceiver();
      onTestFinished(() => receiver.close());
      RECEIVERS.set(world, receiver);
      world.variables[variable] = `${receiver.url}/`;
    },
  },
  {
    pattern: "the configuration also says:",
    run: (world, toml: string) => void Object.assign(world.otherTables, parse(toml)),
  },
  {
    pattern: "the receiver is away",
    run: (world) => void (receiverOf(world).answer = { status: 503 }),
  },
  {
    pattern: "the receiver is back",
    run: (world) => void (receiverOf(world).answer = { status: 200 }),
  },
  {
    pattern: "the receiver gets {string}",
    run: (world, title: string) =>
      until(`the message ${title}`, () => messagesOf(world).some(({ data }) => data.title === title)),
  },
  {
    pattern: "the message says {string} and {string}",
    run: (world, ...texts: string[]) => {
      for (const text of texts) expect(messagesOf(world).at(-1)?.data.text).toContain(text);
    },
  },
  {
    pattern: "the receiver has these messages, and no other:",
    run: (world, rows: readonly (readonly string[])[]) =>
      expect(
        messagesOf(world)
          .map(({ data }) => data.title)
          .sort(),
      ).toEqual(rows.flat()),
  },
  {
    pattern: "no message has {string}",
    run: (world, text: string) => expect(JSON.stringify(receiverOf(world).requests)).not.toContain(text),
  },
  {
    pattern: "{command} shows soon:",
    run: (world, command: string, rows: readonly (readonly string[])[]) =>
      until(`${rows.flat().join(", ")} from ${command}`, async () => {
        const shown = await world.start(command);
        await shown.end();
        const words = shown.stdout.toString().split(/\s+/).join(" ");
        return rows.flat().every((text) => words.includes(` ${text} `));
      }),
  },
];

function receiverOf(world: World): HttpReceiver {
  return RECEIVERS.get(world) ?? expect.unreachable("the scenario has no receiver of messages");
}

/** What the receiver has taken, oldest first. */
function messagesOf(world: World): Message[] {
  return receiverOf(world)
    .taken("/")
    .map(({ body }) => JSON.parse(body) as Message);
}
