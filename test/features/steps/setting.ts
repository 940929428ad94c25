import { randomBytes } from "node:crypto";
import { parse } from "@iarna/toml";
import type { Topic } from "./topic.ts";

/** What there is before the operator types anything. */
export const SETTING: Topic = [
  {
    pattern: "the image {string}",
    run: async (world, name: string) => {
      world.profileKeys["base_image"] = await world.house.image(name);
    },
  },
  {
    pattern: "an agent that runs:",
    run: (world, script: string) => world.commitAgent(script),
  },
  {
    pattern: "the last commit of the repository is {string}",
    run: (world, message: string) => world.commit({ door: "green\n" }, { message }),
  },
  {
    pattern: "the repository has the file {string} with {string}",
    run: (world, path: string, content: string) => world.commit({ [path]: content }),
  },
  {
    pattern: "the repository has the file {string} with {string} on the branch {string} and the tag {string}",
    run: async (world, path: string, content: string, branch: string, tag: string) => {
      await world.commit({ [path]: content }, { branch });
      await world.git("tag", tag, branch);
    },
  },
  {
    pattern: "the profile says:",
    run: (world, toml: string) => void Object.assign(world.profileKeys, parse(world.here(toml))),
  },
  {
    pattern: "the profile says nothing about {string}",
    run: (world, key: string) => void Reflect.deleteProperty(world.profileKeys, key),
  },
  {
    pattern: "another profile {string} that says:",
    run: (world, name: string, toml: string) =>
      void world.otherProfiles.push({ ...world.profileKeys, name, ...parse(toml) }),
  },
  {
    pattern: "the daemon's configuration says:",
    run: (world, toml: string) => void Object.assign(world.daemonKeys, parse(toml)),
  },
  {
    pattern: "the configuration file is:",
    run: (world, toml: string) => {
      world.configText = toml;
    },
  },
  {
    pattern: "the daemon's environment has {string} set to {string}",
    run: (world, name: string, value: string) => {
      world.variables[name] = value;
    },
  },
  {
    pattern: "the daemon's environment has {string} set to:",
    run: (world, name: string, value: string) => {
      world.variables[name] = value;
    },
  },
  {
    pattern: "the daemon's environment has {string} set to {int} random characters",
    run: (world, name: string, length: number) => {
      world.variables[name] = randomBytes(Math.ceil(length / 2))
        .toString("hex")
        .slice(0, length);
    },
  },
  {
    pattern: "a running daemon",
    run: (world) => world.daemon(),
  },
];
