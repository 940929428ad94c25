/**
 * The definition of an agent: a TOML file that says how one program is run, so that a profile need not. It is data: no
 * other part of agentd knows an agent by name.
 */
import * as z from "zod";
import { profileDocumentSchema } from "../profile/document.ts";
import { AGENT_NAME } from "../profile/keys/what-runs.ts";
import { always, type Context, duration, isTable, rule } from "../profile/rules/field-rules.ts";
import { DIALECTS } from "../profile/rules/llm-providers.ts";
import { GIFT_PLACES, type GiftPlaces } from "./agent-gifts.ts";
import { ruleOf } from "./problems.ts";

const NPM_PACKAGE = /^(?:@[a-z0-9._-]+\/)?[a-z0-9._-]+(?:\{arch\})?@\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?$/;
const NPM_RULE = "must be a package of npm with its exact version, such as @openai/codex@0.171.0";
const DEBIAN_PACKAGE = /^[a-z0-9][a-z0-9+.-]+$/;

const npmPackage = () => z.string().regex(NPM_PACKAGE, NPM_RULE);

/** What `agentd image build` makes an agent's image of. `{arch}` stands for npm's name of the processor: x64 or arm64. */
const imageSchema = z.strictObject({
  npm: npmPackage(),
  also: z.array(npmPackage()).default([]),
  links: z.record(z.string(), z.string()).superRefine(rule(linkFault)).default({}),
  packages: z.array(z.string().regex(DEBIAN_PACKAGE, "must be the name of a package of Debian")).default([]),
  check: z.array(z.string().min(1, "must not be empty")).min(1, "must name a program").optional(),
});

/** What an image is made of. */
export type ImageRecipe = z.output<typeof imageSchema>;

export const agentDefinitionSchema = z
  .strictObject({
    description: z.string().min(1, "must not be empty"),
    /** The language of the model's API that the agent speaks. */
    dialect: z.enum(DIALECTS).optional(),
    /** With less, the agent does not get past an outage of its model that it would survive. */
    least_timeout: duration().optional(),
    /** Keys of `[[profiles]]`, for profiles that leave them out. */
    profile: z.looseObject({}),
    /** More of them, which come before those of `profile` where sessions reach their models through the gateway. */
    with_llm: z.looseObject({}).default({}),
    ...GIFT_PLACES,
    image: imageSchema.optional(),
  })
  .superRefine(profileRules, always);

/** An agent as its file describes it. */
export interface AgentDefinition extends GiftPlaces {
  /** Also the name of its file, without `.toml`. */
  readonly name: string;
  /** Absolute path. */
  readonly file: string;
  readonly description: string;
  readonly dialect: (typeof DIALECTS)[number] | undefined;
  /** As it is written; undefined: none. */
  readonly leastTimeout: string | undefined;
  /** Keys of `[[profiles]]` as they are written. */
  readonly profile: Readonly<Record<string, unknown>>;
  /** As `profile`, for profiles with language models alone; it comes first. */
  readonly withLlm: Readonly<Record<string, unknown>>;
  /** Undefined: an image of the operator's. */
  readonly image: ImageRecipe | undefined;
}

/** The image that `agentd image build` makes for an agent, and its profiles use where they name none. */
export function agentImage(name: string): string {
  return `localhost/agentd/${name}:latest`;
}

/** Whether a text may be the name of an agent. */
export function isAgentName(name: string): boolean {
  return AGENT_NAME.test(name);
}

/** What a profile itself always has, and no definition. */
const OF_PROFILES = ["name", "agent"];
/** For the rules of a whole profile, where the definition leaves these to its profiles. */
const STAND_IN = { base_image: "image", command: ["true"], agent: "agent" };

/** The rules of a profile hold for what a definition gives it. */
function profileRules(definition: unknown, context: Context): void {
  if (!isTable(definition)) return;
  tableRules("profile", definition["profile"], STAND_IN, context);
  // A profile with language models has an allowlist unless it says otherwise.
  tableRules("with_llm", definition["with_llm"], { ...STAND_IN, network: "allowlist" }, context);
}

function tableRules(
  table: string,
  given: unknown,
  standIn: Readonly<Record<string, unknown>>,
  context: Context,
): void {
  if (!isTable(given)) return;
  for (const key of OF_PROFILES.filter((each) => Object.hasOwn(given, each))) {
    const message = "is a key of profiles, not of definitions";
    context.addIssue({ code: "custom", path: [table, key], message });
  }
  const { error } = profileDocumentSchema.safeParse({ ...standIn, ...given, name: "agent" });
  for (const issue of error?.issues ?? []) {
    const path = [table, ...issue.path];
    if (issue.code !== "unrecognized_keys") {
      context.addIssue({ code: "custom", path, message: ruleOf(issue) });
      continue;
    }
    for (const key of issue.keys) {
      context.addIssue({ code: "custom", path: [...path, key], message: "is no key of a profile" });
    }
  }
}

function linkFault(links: Readonly<Record<string, string>>): string | undefined {
  for (const [name, target] of Object.entries(links)) {
    if (!/^[A-Za-z0-9][\w.-]*$/.test(name)) return `${JSON.stringify(name)} is no name of a program`;
    if (!/^[\w@{}.-]+(?:\/[\w@{}.-]+)+$/.test(target) || target.split("/").includes(".."))
      return `${JSON.stringify(target)} is no path of a file in a package`;
  }
  return undefined;
}
