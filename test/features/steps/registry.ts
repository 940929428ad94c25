import { expect } from "vitest";
import { until } from "../../kit/until.mjs";
import type { World } from "../../kit/world.ts";
import type { Topic } from "./topic.ts";

/** Of what `agentd ps --json` prints about a session. */
interface Listed {
  readonly reason: string | null;
}

/** A registry that the daemon may pull from. */
export const REGISTRY: Topic = [
  {
    pattern: "a registry with the image {string}, whose file {string} holds {string}",
    run: async (world, name: string, path: string, content: string) => {
      const registry = await world.house.registry();
      world.variables["CONTAINERS_REGISTRIES_CONF"] = registry.configFile;
      world.profileKeys["base_image"] = registry.referenceOf(name);
      await publish(world, name, path, content);
    },
  },
  {
    pattern: "the file {string} of the image {string} in the registry holds {string} from now on",
    run: (world, path: string, name: string, content: string) => publish(world, name, path, content),
  },
  {
    pattern: "the registry keeps its layers back",
    run: async (world) => (await world.house.registry()).hold(),
  },
  {
    pattern: "the registry sends its layers",
    run: async (world) => (await world.house.registry()).letGo(),
  },
  {
    pattern: "the registry was not asked for the image {string}",
    run: async (world, name: string) => {
      const { requests } = await world.house.registry();
      expect(requests.filter((request) => request.includes(`/${name}/`))).toEqual([]);
    },
  },
  {
    pattern: "the session is busy with {string}",
    run: async (world, text: string) => {
      const { sandbox } = await world.daemon();
      const wanted = text.replace("IMAGE", world.profileKeys["base_image"] as string);
      await until(`the reason ${wanted}`, async () => {
        const sessions = (await sandbox.runJson(["ps", "--json"])) as readonly Listed[];
        return sessions.some(({ reason }) => reason?.includes(wanted));
      });
    },
  },
  {
    pattern: "the record has the digest of version {int} of the image {string}",
    run: async (world, version: number, name: string) => {
      const digests = (await world.house.registry()).digestsOf(name);
      const { image_digest } = await (await world.record()).document();
      expect(image_digest).toBe(digests[version - 1]);
    },
  },
];

async function publish(world: World, name: string, path: string, content: string): Promise<void> {
  await (await world.house.registry()).publish(name, { [path]: content });
}
