import type { Pruned } from "../../audit/upkeep/prune.ts";
import type { PrunePlan } from "../../audit/upkeep/prune-plan.ts";
import { AgentdError } from "../../errors.ts";
import { spanMs } from "../../profile/rules/durations.ts";
import { countOption, MAX_COUNT } from "../frame/arguments.ts";
import { type CommandDefinition, example, FAULTS } from "../frame/command.ts";
import { type LocalContext, say } from "../frame/context.ts";
import { printable } from "../terminal/printable.ts";
import { renderTable } from "../terminal/table.ts";
import { countText, sizeText } from "../words/size-text.ts";

interface PruneOptions {
  readonly olderThan?: string;
  readonly keep?: string;
  readonly yes?: true;
  readonly json?: true;
}

/** `agentd audit prune`: removing old records. */
export const auditPrune: CommandDefinition<LocalContext> = {
  name: "audit prune",
  faults: FAULTS,
  define: (command, start) =>
    command
      .summary("remove old records, leaving signed tombstones")
      .description(
        "Shows which sealed records would be removed, and with --yes removes them. Given both, --older-than and " +
          "--keep must both let a record go. Never an open record, nor one that is not what the chain says. A signed " +
          "tombstone keeps the digests, so `agentd audit verify --all` still accounts for every session. " +
          "Works without a daemon and beside one.",
      )
      .option("--older-than <age>", 'only sessions that ended so long ago, such as "90d" or "12h"')
      .option("--keep <count>", "in any case keep the newest records of each profile")
      .option("--yes", "really remove them")
      .option("--json", "print a JSON object")
      .addHelpText(
        "after",
        example("agentd audit prune --older-than 90d --keep 100", "agentd audit prune --keep 1000 --yes"),
      )
      .action((options: PruneOptions) => {
        start((context) => pruneRecords(options, context));
      }),
};

async function pruneRecords(options: PruneOptions, context: LocalContext): Promise<number> {
  const rules = {
    endedBeforeMs: endedBefore(options.olderThan, context.now()),
    keep: countOption("--keep", options.keep ?? "0", { min: 0, max: MAX_COUNT }),
  };
  if (options.olderThan === undefined && options.keep === undefined) {
    throw new AgentdError("usage", {
      tried: "prune",
      why: "nothing says which records may go",
      next: "Give --older-than, --keep or both, as `agentd audit prune --help` shows.",
    });
  }
  const [{ planPruning }, { prune }, { readEvidence }, { evidencePaths }] = await Promise.all([
    import("../../audit/upkeep/prune-plan.ts"),
    import("../../audit/upkeep/prune.ts"),
    import("../../audit/chain/evidence.ts"),
    import("../../audit/keys/evidence-paths.ts"),
  ]);
  const auditRoot = await context.auditRoot();
  const evidence = readEvidence(context.stateDirectory);
  const plan = await planPruning(auditRoot, rules, evidence);
  const paths = evidencePaths(context.stateDirectory);
  const pruned =
    options.yes === true ? await prune(auditRoot, plan, { paths, chain: evidence.chain }) : undefined;
  if (options.json === true) await context.stdout.json(planJson(plan, pruned));
  else await tell(plan, pruned, context);
  return pruned === undefined || pruned.failed.length === 0 ? 0 : 1;
}

function endedBefore(age: string | undefined, nowMs: number): number | undefined {
  if (age === undefined) return undefined;
  const ageMs = spanMs(age);
  if (ageMs !== undefined) return nowMs - ageMs;
  throw new AgentdError("usage", {
    tried: `use ${JSON.stringify(age)} for --older-than`,
    why: 'an age is a whole number and a unit, such as "90d", "2w", "12h" or "30m"',
  });
}

/** What `--json` prints. */
function planJson({ records, refused, leftovers }: PrunePlan, pruned: Pruned | undefined): object {
  return {
    removed: pruned !== undefined,
    records: records.map(({ id, profile, directory, endTimestamp, bytes }) => ({
      session_id: id,
      profile,
      record: directory,
      end_timestamp: endTimestamp,
      bytes,
    })),
    refused: refused.map(({ id, profile, directory, reason }) => ({
      session_id: id,
      profile,
      record: directory,
      reason,
    })),
    leftovers,
    failed: pruned?.failed ?? [],
  };
}

async function tell(plan: PrunePlan, pruned: Pruned | undefined, context: LocalContext): Promise<void> {
  const { stdout } = context;
  const { records, refused, leftovers } = plan;
  const rows = records.map(({ id, profile, endTimestamp, bytes }) => [
    id,
    profile,
    endTimestamp,
    sizeText(bytes),
  ]);
  if (rows.length > 0) await stdout.line(renderTable(["SESSION", "PROFILE", "ENDED", "SIZE"], rows, stdout));
  for (const { id, reason } of refused) await say(context, `session ${id} stays: ${printable(reason)}`);
  const total = records.reduce((sum, { bytes }) => sum + bytes, 0);
  const what = `${countText(records.length, "record")}, ${sizeText(total)}`;
  if (pruned === undefined) {
    const rest = leftovers.length === 0 ? "" : `, and what is left of ${leftovers.length} earlier ones`;
    await say(context, `would remove ${what}${rest}; nothing is removed without --yes`);
    return;
  }
  await say(context, `removed ${what}`);
  for (const { path, reason } of pruned.failed) {
    await say(context, `${printable(path)} could not be removed whole: ${printable(reason)}`);
  }
}
