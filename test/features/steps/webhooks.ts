import { sign } from "@octokit/webhooks-methods";
import { expect } from "vitest";
import { chooseWebPort, type RunningWeb, startWebOf, writeWebSecrets } from "../../kit/house/web.ts";
import type { Reply } from "../../kit/web-under-test.ts";
import type { World } from "../../kit/world.ts";
import type { Topic } from "./topic.ts";

const SECRET = "a secret of GitHub and agentd";

/** What scenarios know of the web of their world. */
interface Web {
  readonly running: RunningWeb;
  replies: Reply[];
}

const webs = new WeakMap<World, Web>();

/** Deliveries of webhooks to `agentd web`. */
export const WEBHOOKS: Topic = [
  {
    pattern: "agentd web runs, and has the secret {string} for GitHub",
    run: async (world, name: string) => {
      const port = await chooseWebPort(world);
      await writeWebSecrets(world, { [name]: SECRET });
      webs.set(world, { running: await startWebOf(world, port), replies: [] });
    },
  },
  {
    pattern: "GitHub delivers {string} as {string}:",
    run: (world, event: string, delivery: string, payload: string) =>
      deliver(world, { event, delivery, payload, secret: SECRET }),
  },
  {
    pattern: "somebody else delivers {string} as {string}:",
    run: (world, event: string, delivery: string, payload: string) =>
      deliver(world, { event, delivery, payload, secret: "another secret than that" }),
  },
  {
    pattern: "the delivery is answered with {int}",
    run: (world, status: number) => expect(webOf(world).replies.at(-1)?.status).toBe(status),
  },
  {
    pattern: "both deliveries have the same session, and there is no other",
    run: async (world) => {
      const [last, before] = webOf(world).replies.toReversed();
      expect(last?.text).toBe(before?.text);
      const ids = (await world.records()).map(({ id }) => id);
      expect([JSON.parse(last?.text ?? "{}")]).toEqual(ids.map((id) => ({ session_id: id })));
    },
  },
];

interface Delivery {
  readonly event: string;
  readonly delivery: string;
  readonly payload: string;
  readonly secret: string;
}

async function deliver(world: World, { event, delivery, payload, secret }: Delivery): Promise<void> {
  const { running, replies } = webOf(world);
  const headers = {
    "content-type": "application/json",
    "x-github-event": event,
    "x-github-delivery": delivery,
    "x-hub-signature-256": await sign(secret, payload),
  };
  replies.push(await running.send("/hooks/site-builder/default", { method: "POST", headers, body: payload }));
}

function webOf(world: World): Web {
  const web = webs.get(world);
  if (web === undefined) throw new Error("agentd web does not run");
  return web;
}
