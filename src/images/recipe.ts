/** What an image is to be made of, down to every version. Pure. */
import { createHash } from "node:crypto";
import type { AgentDefinition, ImageRecipe } from "../config/agent-definition.ts";

/** Where the operating system of an image comes from. */
export type Base =
  /** Packages of Debian, without a registry. */
  | { readonly kind: "debian"; readonly suite: string; readonly mirror: string | undefined }
  /** An image; its packages are installed with apt-get unless it is expected to have them. */
  | { readonly kind: "image"; readonly reference: string; readonly installPackages: boolean };

/** A recipe in which nothing is left to decide. */
export interface Recipe {
  readonly agent: string;
  /** Of the agent's own package. */
  readonly version: string;
  /** Packages of npm with their versions, the agent's own first. */
  readonly npm: readonly string[];
  /** Program to file, below npm's packages. */
  readonly links: Readonly<Record<string, string>>;
  /** Packages of Debian, sorted. */
  readonly packages: readonly string[];
  readonly base: Base;
  /** Program and arguments that show that the agent starts; undefined: none. */
  readonly check: readonly string[] | undefined;
}

/** Names of npm and of Node.js for the processors that agents are published for. */
export type Arch = "x64" | "arm64";

/**
 * The recipe of an agent's image.
 *
 * @param packages of Debian, besides those of the definition.
 */
export function recipeOf(
  { name }: Pick<AgentDefinition, "name">,
  image: ImageRecipe,
  { arch, base, packages = [] }: { arch: Arch; base: Base; packages?: readonly string[] | undefined },
): Recipe {
  const forArch = (text: string): string => text.replaceAll("{arch}", arch);
  return {
    agent: name,
    version: versionOf(image.npm),
    npm: [image.npm, ...image.also].map(forArch),
    links: Object.fromEntries(Object.entries(image.links).map(([link, target]) => [link, forArch(target)])),
    packages: [...new Set([...image.packages, ...packages])].sort(),
    base,
    check: image.check,
  };
}

/** The same recipe with another version of the agent's own package. */
export function withVersion(recipe: Recipe, version: string): Recipe {
  const [own = "", ...others] = recipe.npm;
  return { ...recipe, version, npm: [`${packageOf(own)}@${version}`, ...others] };
}

/** SHA-256 (hex) of everything that an image is made of. */
export function digestOf(part: unknown): string {
  return createHash("sha256").update(JSON.stringify(part)).digest("hex");
}

/** `@openai/codex` of `@openai/codex@0.171.0`. */
export function packageOf(npm: string): string {
  return npm.slice(0, npm.lastIndexOf("@"));
}

/** `0.171.0` of `@openai/codex@0.171.0`. */
export function versionOf(npm: string): string {
  return npm.slice(npm.lastIndexOf("@") + 1);
}

/** Labels that say what an image is. */
export const LABELS = {
  agent: "io.agentd.agent",
  version: "io.agentd.version",
  recipe: "io.agentd.recipe",
  definition: "io.agentd.definition",
} as const;

/** The Containerfile of an agent's image: the agent's files, laid over its base. */
export function containerfile(
  { base, packages }: Recipe,
  from: string,
  labels: Readonly<Record<string, string>>,
): string {
  const lines = [`FROM ${from}`];
  if (base.kind === "image" && base.installPackages && packages.length > 0) {
    lines.push(
      "USER 0",
      `RUN ${JSON.stringify(["apt-get", "update"])}`,
      `RUN ${JSON.stringify(["apt-get", "install", "--yes", "--no-install-recommends", ...packages])}`,
    );
  }
  lines.push("COPY tree/ /usr/local/", "ENTRYPOINT []");
  for (const [name, value] of Object.entries(labels)) lines.push(`LABEL ${name}=${JSON.stringify(value)}`);
  return `${lines.join("\n")}\n`;
}
