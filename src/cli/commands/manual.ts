import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import { type CommandDefinition, FAULTS } from "../frame/command.ts";
import type { LocalContext } from "../frame/context.ts";
import { manualPages } from "../manual/manual-page.ts";

/** The command that a build writes the pages for `man` with. */
export const manual: CommandDefinition<LocalContext> = {
  name: "__manual",
  faults: FAULTS,
  place: "here",
  isHidden: true,
  define: (command, start) =>
    command
      .summary("write the manual pages")
      .argument("<directory>", "where to write them")
      .action((directory: string, _options: unknown, self: Command) => {
        const { parent } = self;
        if (parent === null) return;
        start(async ({ version, stdout }) => {
          await mkdir(directory, { recursive: true });
          for (const { file, text } of manualPages(parent, version, afterHelpOf)) {
            await writeFile(join(directory, file), text);
            await stdout.line(file);
          }
          return 0;
        });
      }),
};

/** What follows the options in a command's help; the parser gives it out with the whole help only. */
function afterHelpOf(command: Command): string {
  let printed = "";
  command.configureOutput({ ...command.configureOutput(), writeOut: (text) => (printed += text) });
  command.outputHelp();
  return printed.slice(command.helpInformation().length);
}
