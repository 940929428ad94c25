import { platform } from "node:process";
import type { Status } from "../../api/methods.ts";
import { requireOrdinaryUser } from "../../ordinary-user.ts";
import type { DoctorReport } from "../doctor/check.ts";
import { doctorText } from "../doctor/doctor-text.ts";
import { type CommandDefinition, example, FAULTS } from "../frame/command.ts";
import { type LocalContext, withClient } from "../frame/context.ts";

interface DoctorOptions {
  readonly network?: true;
  readonly json?: true;
}

/** `agentd doctor`: whether this host has what sessions need. */
export const doctor: CommandDefinition<LocalContext> = {
  name: "doctor",
  faults: FAULTS,
  define: (command, start) =>
    command
      .summary("check this host for missing requirements and show how to fix them")
      .description(
        "Checks every requirement of sessions, on the host and in the profiles. Each result is ok, a warning or a " +
          "failure, with the command that fixes it. Works with or without a running daemon, and changes nothing.\n\n" +
          "Exits 0 if there is no failure, 1 if there is one, 2 for a wrong command line.",
      )
      .argument("[profile...]", "profiles to check (default: all in the configuration)")
      .option(
        "--network",
        "also contact the servers of the profiles' repositories, and their providers of language models",
      )
      .option("--json", "print a JSON object")
      .addHelpText("after", example("agentd doctor", "agentd doctor site-builder --network"))
      .action((profiles: string[], options: DoctorOptions) => {
        start((context) => examineHost(profiles, options, context));
      }),
};

async function examineHost(
  profiles: readonly string[],
  options: DoctorOptions,
  context: LocalContext,
): Promise<number> {
  const { installation, stdout, stderr } = context;
  requireOrdinaryUser({ platform, uid: installation.host.uid }, "check this host");
  await stderr.status("checking this host");
  const { examine } = await import("../doctor/examine.ts");
  const report: DoctorReport = await examine({
    host: installation.host,
    configFile: installation.options.config,
    now: context.now,
    loadConfig: () => context.loadConfig(undefined),
    askDaemon: (signal) => askDaemon(signal, context),
    profiles,
    network: options.network === true,
  });
  await stderr.clearStatus();
  if (options.json === true) await stdout.json(report);
  else await stdout.line(doctorText(report, stdout));
  return report.ok ? 0 : 1;
}

async function askDaemon(signal: AbortSignal, { connect }: LocalContext): Promise<Status> {
  return await withClient({ connect: () => connect(signal) }, (client) =>
    client.call("status", {}, { signal }),
  );
}
