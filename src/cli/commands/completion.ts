import { Argument } from "commander";
import { completionScript, type Shell, SHELLS } from "../completion/scripts.ts";
import { type CommandDefinition, example, FAULTS } from "../frame/command.ts";

/** `agentd completion`: what a shell sources to complete command lines. */
export const completion: CommandDefinition = {
  name: "completion",
  faults: FAULTS,
  place: "here",
  define: (command, start) =>
    command
      .summary("print a shell completion script")
      .description("Prints a shell script that completes agentd's commands, options, profiles and sessions.")
      .addArgument(new Argument("<shell>", "the shell to print the script for").choices(SHELLS))
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
