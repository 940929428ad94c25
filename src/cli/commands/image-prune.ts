import { AgentdError } from "../../errors.ts";
import type { HostPrograms } from "../../images/host-programs.ts";
import type { Prunable } from "../../images/prune-plan.ts";
import { type CommandDefinition, example, FAULTS } from "../frame/command.ts";
import { type LocalContext, say } from "../frame/context.ts";
import { surveyImages } from "../frame/image-survey.ts";
import { renderTable } from "../terminal/table.ts";
import { sizeText } from "../words/size-text.ts";
import { agoText } from "../words/time-text.ts";

interface PruneFlags {
  readonly yes?: true;
  readonly json?: true;
}

interface Failed {
  readonly image: string;
  readonly reason: string;
}

const HEADERS = ["IMAGE", "ID", "SIZE", "LAST USED", "REASON"];

/** `agentd image prune`: removes images that nothing needs any more. */
export const imagePrune: CommandDefinition<LocalContext> = {
  name: "image prune",
  faults: FAULTS,
  define: (command, start) =>
    command
      .summary("remove images that nothing needs")
      .description(
        "Shows which images would be removed; --yes removes them: those that agentd built and those that sessions ran in,\n" +
          "if no profile and no open session needs them, nor an image that is built on them. Other images are never removed.",
      )
      .option("--yes", "remove the images")
      .option("--json", "print a JSON object")
      .addHelpText("after", example("agentd image prune", "agentd image prune --yes"))
      .action((flags: PruneFlags) => {
        start((context) => prune(flags, context));
      }),
};

async function prune({ yes, json }: PruneFlags, context: LocalContext): Promise<number> {
  const { HostPrograms } = await import("../../images/host-programs.ts");
  // Without a configuration nothing would say what is needed.
  await context.loadConfig(undefined);
  const programs = new HostPrograms(context.installation.host.env, new AbortController().signal);
  const plan = await planFor(context, programs);
  const failed = yes === true ? await remove(plan, programs) : [];
  if (json === true) {
    await context.stdout.json({
      removed: yes === true,
      images: plan.map(document),
      failed,
    });
  } else await tell(plan, yes === true ? failed : undefined, context);
  return failed.length === 0 ? 0 : 1;
}

async function planFor(context: LocalContext, programs: HostPrograms): Promise<readonly Prunable[]> {
  const [{ layersOf }, { planImagePrune }] = await Promise.all([
    import("../../images/host-images.ts"),
    import("../../images/prune-plan.ts"),
  ]);
  const { images, ids, uses } = await surveyImages(context, programs);
  const layers = await layersOf(
    images.map(({ id }) => id),
    programs,
  );
  return planImagePrune({ images, needed: new Set(ids.values()), layers, uses });
}

/** Podman itself refuses an image that a container has. */
async function remove(plan: readonly Prunable[], programs: HostPrograms): Promise<Failed[]> {
  const failed: Failed[] = [];
  for (const image of plan.flatMap((prunable) => prunable.remove)) {
    try {
      await programs.run({
        program: "podman",
        args: ["rmi", "--", image],
        tried: `remove the image ${image}`,
        next: "See who uses it with `podman ps -a --external`.",
        code: "engine_failed",
      });
    } catch (error) {
      if (!(error instanceof AgentdError)) throw error;
      failed.push({ image, reason: error.message });
    }
  }
  return failed;
}

function document({ image, remove: removed, reason, lastUsedTimestamp }: Prunable): object {
  return {
    id: image.id,
    digest: image.digest,
    names: removed,
    size_bytes: image.sizeBytes,
    last_used_timestamp: lastUsedTimestamp,
    reason,
  };
}

async function tell(
  plan: readonly Prunable[],
  failed: readonly Failed[] | undefined,
  context: LocalContext,
): Promise<void> {
  const { stdout, now } = context;
  const rows = plan.flatMap(({ image, remove: removed, reason, lastUsedTimestamp: last }) =>
    removed.map((name) => [
      image.names.length === 0 ? "<none>" : name,
      image.id.slice(0, 12),
      sizeText(image.sizeBytes),
      last === null ? "never" : agoText(last, now()),
      reason,
    ]),
  );
  if (rows.length > 0) await stdout.line(renderTable(HEADERS, rows, stdout, { givesWay: "REASON" }));
  const bytes = plan.reduce((sum, { image }) => sum + image.sizeBytes, 0);
  const what = `${plan.length} ${plan.length === 1 ? "image" : "images"}, up to ${sizeText(bytes)}`;
  if (plan.length === 0) await say(context, "no image to remove");
  else if (failed === undefined) await say(context, `would remove ${what}; nothing is removed without --yes`);
  else if (failed.length === 0) await say(context, `removed ${what}`);
  for (const { reason } of failed ?? []) await say(context, reason);
}
