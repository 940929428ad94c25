/**
 * The scripts that make shells ask agentd what the word at the cursor can become: `agentd __complete -- WORD...` answers
 * with a line `WORD<tab>SUMMARY` for each candidate, or with `:files`.
 */

/** The answer that leaves the candidates to the shell. */
export const FILES = ":files";

export const SHELLS = ["bash", "zsh", "fish"] as const;

export type Shell = (typeof SHELLS)[number];

/** Needs bash 4 and nothing else, not even the package bash-completion. */
const BASH = `# bash completion for agentd; load it with: source <(agentd completion bash)
_agentd() {
  local word=\${COMP_WORDS[COMP_CWORD]} line
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == ${FILES} ]]; then
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -f -- "$word")
    else
      COMPREPLY+=("\${line%%$'\\t'*}")
      # A path follows in the same word.
      if [[ \${COMPREPLY[-1]} == *: ]]; then compopt -o nospace 2>/dev/null; fi
    fi
  done < <("\${COMP_WORDS[0]}" __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _agentd agentd
`;

const ZSH = `#compdef agentd
# zsh completion for agentd; load it with: source <(agentd completion zsh)
_agentd() {
  local line
  local -a candidates
  for line in "\${(@f)$("\${words[1]}" __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    if [[ $line == ${FILES} ]]; then
      _files
      return
    fi
    if [[ -n $line ]]; then candidates+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}"); fi
  done
  _describe agentd candidates
}
if [[ \${funcstack[1]} == _agentd ]]; then _agentd "$@"; else compdef _agentd agentd; fi
`;

const FISH = `# fish completion for agentd; load it with: agentd completion fish | source
function __agentd_complete
    set -l before (commandline -opc)
    set -l current (commandline -ct)
    for line in ($before[1] __complete -- $before[2..-1] "$current" 2>/dev/null)
        if test "$line" = "${FILES}"
            __fish_complete_path "$current"
        else
            echo $line
        end
    end
end
complete -c agentd -f -a '(__agentd_complete)'
`;

const SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH };

/** The text that a shell sources. */
export function completionScript(shell: Shell): string {
  return SCRIPTS[shell];
}
