import { platform } from "node:process";
import type { Config } from "../../config/config.ts";
import { AgentdError } from "../../errors.ts";
import type { HostPrograms } from "../../images/host-programs.ts";
import { requireOrdinaryUser } from "../../ordinary-user.ts";
import type { EngineReport } from "../../podman/host/engine-report.ts";
import type { EngineFeatures } from "../../podman/host/host-features.ts";
import { type CommandDefinition, example, FAULTS } from "../frame/command.ts";
import { type LocalContext, say } from "../frame/context.ts";
import { renderTable } from "../terminal/table.ts";

interface PullFlags {
  readonly json?: true;
}

/** `agentd image pull`: gets the images of profiles before a session waits for them. */
export const imagePull: CommandDefinition<LocalContext> = {
  name: "image pull",
  faults: FAULTS,
  define: (command, start) =>
    command
      .summary("pull the images of profiles before sessions wait for them")
      .description(
        "Pulls the images of all profiles, or of some, from their registries, also newer ones of the same name, and makes\n" +
          "the copy of each whose files have the ids of sessions. Otherwise the first session waits for both. Images of\n" +
          'localhost/, and of profiles with pull = "never", are prepared and not pulled.',
      )
      .argument("[profile...]", "the profiles; all by default")
      .option("--json", "print a JSON array")
      .addHelpText("after", example("agentd image pull", "agentd image pull site-builder"))
      .action((profiles: readonly string[], flags: PullFlags) => {
        start((context) => pull(profiles, flags, context));
      }),
};

/** An image that profiles name. */
interface Wanted {
  readonly reference: string;
  readonly profiles: string[];
  readonly isPulled: boolean;
}

interface Ready extends Wanted {
  readonly id: string;
  /** Whether its copy with the ids of sessions is there; null where the storage does not show it. */
  readonly isShifted: boolean | null;
}

async function pull(names: readonly string[], { json }: PullFlags, context: LocalContext): Promise<number> {
  const { host } = context.installation;
  requireOrdinaryUser({ platform, uid: host.uid }, "pull images");
  const [{ HostPrograms }, { podmanProgram, askEngine }] = await Promise.all([
    import("../../images/host-programs.ts"),
    import("../../podman/host/engine-report.ts"),
  ]);
  const config = await context.loadConfig(undefined);
  const wanted = wantedOf(config, names);
  const interrupted = new AbortController();
  const goBack = context.onInterrupt(() => interrupted.abort());
  try {
    const programs = new HostPrograms(host.env, interrupted.signal);
    const engine = await askEngine(podmanProgram(host.env, undefined));
    const ready: Ready[] = [];
    for (const each of wanted) {
      ready.push(await makeReady(each, programs, engine.kind === "answers" ? engine : undefined, context));
    }
    if (json === true) await context.stdout.json(ready.map(document));
    else await context.stdout.line(renderTable(["IMAGE", "ID", "PROFILES"], ready.map(row), context.stdout));
    return 0;
  } finally {
    goBack();
  }
}

function wantedOf({ profiles, file }: Config, names: readonly string[]): Wanted[] {
  for (const name of names) {
    if (profiles.some((profile) => profile.name === name)) continue;
    throw new AgentdError("unknown_profile", {
      tried: `pull the image of profile ${JSON.stringify(name)}`,
      why: `${file} has no such profile`,
      next: `Existing profiles: ${profiles.map((profile) => profile.name).join(", ")}.`,
    });
  }
  const wanted = new Map<string, Wanted>();
  for (const { name, baseImage: reference, pull: policy } of profiles) {
    if (names.length > 0 && !names.includes(name)) continue;
    const known = wanted.get(reference);
    const isPulled = (policy !== "never" && !reference.startsWith("localhost/")) || known?.isPulled === true;
    wanted.set(reference, { reference, profiles: [...(known?.profiles ?? []), name], isPulled });
  }
  return [...wanted.values()];
}

type Engine = Extract<EngineReport, { readonly kind: "answers" }>;

async function makeReady(
  wanted: Wanted,
  programs: HostPrograms,
  engine: Engine | undefined,
  context: LocalContext,
): Promise<Ready> {
  const [{ makeShiftedCopy, pullFromRegistry }, { idOfImage }] = await Promise.all([
    import("../../images/prewarm.ts"),
    import("../../images/host-images.ts"),
  ]);
  const { reference, isPulled } = wanted;
  if (isPulled) {
    await say(context, `pulling ${reference}`);
    await pullFromRegistry(reference, programs);
  }
  const id = await idOfImage(reference, programs);
  if (id === undefined) throw notHere(wanted);
  if (engine === undefined) return { ...wanted, id, isShifted: null };
  const before = await isShifted(id, engine);
  if (before !== true) {
    await say(context, `preparing ${reference}`);
    await makeShiftedCopy(id, engine.features, programs);
  }
  return { ...wanted, id, isShifted: before === true ? true : await isShifted(id, engine) };
}

async function isShifted(
  id: string,
  { parts, features }: { parts: Engine["parts"]; features: EngineFeatures },
): Promise<boolean | null> {
  const { preparedImages } = await import("../../podman/images/stored-images.ts");
  return (await preparedImages(parts.storage.directory, features))?.has(id) ?? null;
}

function notHere({ reference, profiles: [first = ""] }: Wanted): AgentdError {
  const [, agent] = /^localhost\/agentd\/([^:/]+):latest$/.exec(reference) ?? [];
  return new AgentdError("image_missing", {
    tried: `prepare ${reference}`,
    why: "it is not on this host, and no registry has it",
    next:
      agent === undefined
        ? `Build it as this user (podman build -t ${reference} DIRECTORY), or fix base_image of ${first}.`
        : `Build it: agentd image build ${agent}`,
  });
}

function document({ reference, profiles, id, isPulled, isShifted: shifted }: Ready): object {
  return { image: reference, id, profiles, is_pulled: isPulled, is_shifted: shifted };
}

function row({ reference, id, profiles }: Ready): string[] {
  return [reference, id.slice(0, 12), profiles.join(", ")];
}
