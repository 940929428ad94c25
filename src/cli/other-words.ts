/** Words that other programs use for agentd's commands: a word's meaning is a better guess than its spelling. */

export interface Meaning {
  readonly words: readonly string[];
  /** A sentence that names the command. */
  readonly advice: string;
}

export const MEANINGS: readonly Meaning[] = [
  {
    words: ["sessions", "jobs", "containers"],
    advice: "`agentd ps` lists queued and running sessions; `agentd ps -a` includes ended ones.",
  },
  { words: ["history"], advice: "`agentd ps -a` lists all sessions, `agentd audit ls` their records." },
  {
    words: ["tail", "log", "follow"],
    advice: "`agentd logs -f SESSION` follows a session's output.",
  },
  {
    words: ["describe", "get"],
    advice: "`agentd show SESSION` shows everything about a session.",
  },
  {
    words: ["start", "create", "up"],
    advice: "`agentd run PROFILE` starts a session, `agentd daemon` the daemon.",
  },
  {
    words: ["abort", "terminate"],
    advice: "`agentd stop SESSION` stops a session; with `--grace 0s` at once.",
  },
  {
    words: ["down", "shutdown", "restart"],
    advice:
      "`systemctl --user stop agentd` or `restart agentd` is for the daemon, `agentd stop --all` for all sessions; " +
      "apply a changed configuration with `agentd reload`.",
  },
  {
    words: ["delete", "prune", "clean", "gc"],
    advice:
      "`agentd audit prune` removes old records; containers and clones are removed when a session is sealed, and those\n" +
      "of kept sessions by `agentd rm`.",
  },
  {
    words: ["images", "pull", "build"],
    advice:
      "`agentd image ls` lists the images of profiles and agents, `agentd image pull` pulls them, `agentd image build` builds\n" +
      "an agent's, and `agentd image prune` removes those that nothing needs.",
  },
  {
    words: ["cron", "timer", "timers", "schedules"],
    advice: "`agentd schedule` shows schedules and their next runs.",
  },
  { words: ["verify", "key", "export"], advice: "`agentd audit` has this command." },
  {
    words: ["check", "validate"],
    advice: "`agentd config check` checks a configuration, `agentd doctor` this host.",
  },
  {
    words: ["install", "uninstall", "enable"],
    advice: "`agentd service` manages the daemon's systemd service.",
  },
  {
    words: ["setup"],
    advice:
      "`agentd init` writes a first configuration; `agentd doctor` checks this host; `agentd service install` installs the daemon.",
  },
];

/** The hint for a word that was typed as a command; undefined for an unknown word. */
export function adviceFor(word: string): string | undefined {
  return MEANINGS.find(({ words }) => words.includes(word))?.advice;
}
