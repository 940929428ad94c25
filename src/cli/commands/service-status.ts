import type { FileState } from "../../systemd/unit-file.ts";
import type { ServiceState } from "../../systemd/user-manager.ts";
import { type CommandDefinition, example, FAULTS } from "../frame/command.ts";
import type { LocalContext } from "../frame/context.ts";
import { findService } from "../service/service-setup.ts";
import { printable } from "../terminal/printable.ts";
import { renderFacts } from "../words/facts.ts";

interface StatusOptions {
  readonly json?: true;
}

/** What `--json` prints. */
interface ServiceView {
  readonly installed: boolean;
  readonly edited: boolean;
  readonly outdated: boolean;
  readonly enabled: boolean;
  readonly lingering: boolean;
  readonly active_state: string;
  readonly pid: number | null;
  readonly status: string | null;
  readonly unit_file: string;
  readonly config_file: string | null;
  readonly credentials_file: string;
}

/** `agentd service status`: what systemd knows of the service. */
export const serviceStatus: CommandDefinition<LocalContext> = {
  name: "service status",
  faults: FAULTS,
  define: (command, start) =>
    command
      .summary("show the state of the systemd service")
      .description(
        "Shows whether the service is installed, enabled and running. Exits 0 only if it is active.\n" +
          "`agentd status` shows the daemon, its queue and its running sessions.",
      )
      .option("--json", "print a JSON object")
      .addHelpText("after", example("agentd service status", "agentd service status --json"))
      .action((options: StatusOptions) => {
        start((context) => showStatus(options, context));
      }),
};

async function showStatus(options: StatusOptions, context: LocalContext): Promise<number> {
  const { manager, files, configFile, credentialsFile } = await findService("show the service", context);
  const { uid } = context.installation.host;
  const [state, lingering] = await Promise.all([manager.state(), manager.isLingering(uid)]);
  const states = files.map((file) => file.state);
  const view: ServiceView = {
    ...filesView(states),
    ...stateView(state),
    lingering,
    unit_file: state.unitFile ?? files[0]?.path ?? "",
    config_file: configFile ?? null,
    credentials_file: credentialsFile,
  };
  if (options.json === true) await context.stdout.json(view);
  else await context.stdout.line(text(view));
  return view.active_state === "active" ? 0 : 1;
}

function filesView(states: readonly FileState[]): Pick<ServiceView, "installed" | "edited" | "outdated"> {
  const installed = states[0] !== "absent";
  return {
    installed,
    edited: states.includes("edited"),
    outdated: installed && states.some((state) => state === "outdated" || state === "absent"),
  };
}

function stateView({ enabled, activeState, pid, statusText }: ServiceState) {
  return { enabled, active_state: activeState, pid: pid ?? null, status: statusText ?? null };
}

function text(view: ServiceView): string {
  const { active_state: activeState, pid, status } = view;
  const what = status === null ? "" : `: ${printable(status)}`;
  const title = `the service is ${printable(activeState)}${pid === null ? "" : ` as process ${pid}`}${what}`;
  return renderFacts(title, [
    ["unit", `${view.unit_file} (${unitText(view)})`],
    ["at boot", bootText(view)],
    ["config", view.config_file ?? "none yet: `agentd service install` creates one"],
    ["credentials", view.credentials_file],
  ]);
}

function unitText({ installed, edited, outdated }: ServiceView): string {
  if (!installed) return "not installed: `agentd service install`";
  if (edited) return "edited by hand";
  return outdated ? "from another version or location of agentd: `agentd service install`" : "unmodified";
}

function bootText({ enabled, lingering }: ServiceView): string {
  if (!enabled) return "does not start: `agentd service install`";
  return lingering
    ? "starts, and keeps running after you log out"
    : "starts when you log in, and every session ends when you log out: `loginctl enable-linger`";
}
