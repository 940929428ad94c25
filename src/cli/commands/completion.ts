import { Argument } from "commander";
import { completionScript, type Shell, SHELLS } from "../completion/scripts.ts";
import { type CommandDefinition, example, FAULTS } from "../frame/command.ts";

/** `agentd completion`: what a shell sources to complete command lines. */
export const completion: CommandDefinition = {
  name: "completion",
  faults: FAULTS,
  define: (command, start) =>
    command
      .summary("print a script that completes command lines")
      .description(
        "Prints a script for a shell that completes commands, options, profiles and sessions of agentd.",
      )
      .addArgument(new Argument("<shell>", "the shell that will read it").choices(SHELLS))
      .addHelpText(
        "after",
        example(
          "agentd completion bash > ~/.local/share/bash-completion/completions/agentd",
          "agentd completion zsh > ~/.zfunc/_agentd",
          "agentd completion fish > ~/.config/fish/completions/agentd.fish",
        ),
      )
      .action((shell: Shell) => {
        start(async ({ stdout }) => {
          await stdout.write(completionScript(shell));
          return 0;
        });
      }),
};
