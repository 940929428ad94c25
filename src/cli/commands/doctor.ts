import { platform } from "node:process";
import type { Status } from "../../api/methods.ts";
import { AgentdError } from "../../errors.ts";
import { requireOrdinaryUser } from "../../ordinary-user.ts";
import type { DoctorReport } from "../doctor/check.ts";
import { doctorText } from "../doctor/doctor-text.ts";
import { type CommandDefinition, example, FAULTS } from "../frame/command.ts";
import { type LocalContext, withClient } from "../frame/context.ts";

interface DoctorOptions {
  readonly network?: true;
  readonly json?: true;
  readonly head?: string;
  readonly image?: readonly string[];
  readonly nodeDirectory?: string;
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
      .option("--head <address>", "check it as a node on which sessions of the host with this address run")
      .option("--image <reference...>", "with --head: images that sessions need there")
      .option("--node-directory <path>", "with --head: the directory of sessions; default below /var/tmp")
      .option("--json", "print a JSON object")
      .addHelpText(
        "after",
        example(
          "agentd doctor",
          "agentd doctor site-builder --network",
          "agentd doctor --head head.example.org:7799",
        ),
      )
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
  const { head, image = [], nodeDirectory } = options;
  if (head === undefined && (image.length > 0 || nodeDirectory !== undefined)) throw needsHead();
  const { uid } = installation.host;
  requireOrdinaryUser({ platform, uid }, "check this host");
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
    node:
      head === undefined
        ? undefined
        : { head, directory: nodeDirectory ?? `/var/tmp/agentd-${uid}`, images: image },
  });
  await stderr.clearStatus();
  if (options.json === true) await stdout.json(report);
  else await stdout.line(doctorText(report, stdout));
  return report.ok ? 0 : 1;
}

function needsHead(): AgentdError {
  return new AgentdError("usage", {
    tried: "check this host as a node",
    why: "--image and --node-directory are for --head",
    next: "Add --head HOST:PORT, the address of [placement] on the head.",
  });
}

async function askDaemon(signal: AbortSignal, { connect }: LocalContext): Promise<Status> {
  return await withClient({ connect: () => connect(signal) }, (client) =>
    client.call("status", {}, { signal }),
  );
}
