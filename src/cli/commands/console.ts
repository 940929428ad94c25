import { type CommandDefinition, example, FAULTS } from "../frame/command.ts";
import type { LocalContext } from "../frame/context.ts";
import { openLink } from "../service/open-link.ts";
import { askWeb, ensureWeb } from "../service/web-service.ts";
import { countText } from "../words/size-text.ts";

interface ConsoleOptions {
  /** False with `--no-start`. */
  readonly start: boolean;
  /** False with `--no-open`. */
  readonly open: boolean;
  readonly revoke?: true;
}

/** `agentd console`: a link that logs a browser in. */
export const console: CommandDefinition<LocalContext> = {
  name: "console",
  faults: FAULTS,
  define: (command, start) =>
    command
      .summary("open the console in a browser")
      .description(
        "Prints a link to the console that logs one browser in, within a minute, and opens it where there is a display. " +
          "Starts `agentd web` if it does not run: as the service agentd-web.service if that is installed, else in the " +
          "background.",
      )
      .option("--no-start", "fail if agentd web does not run")
      .option("--no-open", "only print the link")
      .option("--revoke", "end all logins instead")
      .addHelpText("after", example("agentd console", "agentd console --no-open", "agentd console --revoke"))
      .action((options: ConsoleOptions) => {
        start((context) => openConsole(options, context));
      }),
};

async function openConsole(options: ConsoleOptions, context: LocalContext): Promise<number> {
  if (options.revoke === true) {
    const { ended } = await askWeb<{ readonly ended: number }>(context, "/revoke");
    await context.stdout.line(`${countText(ended, "login")} ended`);
    return 0;
  }
  if (options.start) await ensureWeb(context);
  const { url } = await askWeb<{ readonly url: string }>(context, "/login");
  await context.stdout.line(url);
  if (options.open) await openLink(url, context);
  return 0;
}
