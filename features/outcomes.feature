Feature: How a session ended
  One outcome, the same in the record, in --json and in the exit code of agentd run.

  Scenario Outline: An agent that exits with <code> ends as <outcome>
    Given an agent that runs:
      """
      exit <code>
      """
    When the operator runs `agentd run site-builder --json`
    Then it exits with <exit>
    And the record says:
      | outcome   | "<outcome>" |
      | exit_code | <code>      |
      | signal    | null        |
      | stage     | null        |
      | cause     | null        |
    And the JSON on its stdout agrees with the record

    Examples:
      | code | outcome                | exit |
      | 0    | success                | 0    |
      | 1    | generic_failure        | 1    |
      | 2    | usage_error            | 2    |
      | 3    | blocked                | 0    |
      | 4    | nothing_ready          | 0    |
      | 5    | work_failed            | 5    |
      | 6    | infrastructure_failure | 6    |
      | 42   | generic_failure        | 42   |
      | 125  | generic_failure        | 125  |
      | 126  | command_not_executable | 126  |
      | 127  | command_not_found      | 127  |
      | 128  | generic_failure        | 128  |
      | 255  | generic_failure        | 255  |

  Scenario Outline: An agent that dies of <signal> ends with that signal's name
    Given an agent that runs:
      """
      kill -<signal> $$
      """
    When the operator runs `agentd run site-builder --json`
    Then it exits with <exit>
    And the record says:
      | outcome   | "terminated_by_signal" |
      | exit_code | <exit>                 |
      | signal    | "SIG<signal>"          |
    And the JSON on its stdout agrees with the record

    Examples:
      | signal | exit |
      | SEGV   | 139  |
      | TERM   | 143  |
      | KILL   | 137  |

  Scenario Outline: Whatever an agent leaves running ends with it, at exit code <code>
    Given an agent that runs:
      """
      sleep 1000 &
      (trap '' TERM HUP; sleep 1000) &
      exit <code>
      """
    When the operator runs `agentd run site-builder`
    Then it exits with <code>
    And nothing of the session is left behind

    Examples:
      | code |
      | 0    |
      | 5    |

  Scenario Outline: A command that cannot be run says so: <command>
    Given the profile says:
      """
      command = ["<command>"]
      """
    And an agent that runs:
      """
      true
      """
    When the operator runs `agentd run site-builder`
    Then it exits with <exit>
    And the record says:
      | outcome   | "<outcome>" |
      | exit_code | <exit>      |

    Examples:
      | command         | outcome                | exit |
      | no-such-command | command_not_found      | 127  |
      | /etc/passwd     | command_not_executable | 126  |

  Scenario: Waiting for a session exits as running it would
    Given an agent that runs:
      """
      exit 5
      """
    When the operator runs `agentd run site-builder --detach`
    And the operator runs `agentd wait SESSION`
    Then it exits with 5
    When the operator runs `agentd wait SESSION --json`
    Then it exits with 5
    And the JSON on its stdout agrees with the record

  Scenario: A session that the engine loses was interrupted
    Given an agent that runs:
      """
      echo ready
      exec sleep 1000
      """
    When the operator starts `agentd run site-builder --json`
    Then it prints "ready" while the session runs
    When the session's conmon is killed
    And it has ended
    Then it exits with 75
    And the record says:
      | outcome   | "interrupted" |
      | exit_code | null          |
      | signal    | null          |
    And the JSON on its stdout agrees with the record
    And nothing of the session is left behind

  Scenario: An exit code that the profile explains has that outcome
    Given the profile says:
      """
      exit_codes = { 41 = "usage_error" }
      """
    And an agent that runs:
      """
      exit 41
      """
    When the operator runs `agentd run site-builder --json`
    Then it exits with 41
    And the record says:
      | outcome   | "usage_error" |
      | exit_code | 41            |
      | cause     | null          |
    And the JSON on its stdout agrees with the record

  Scenario: An agent that has no exit code for it says in a line that it is blocked
    Given the profile says:
      """
      blocked_line = "BLOCKED:"
      """
    And an agent that runs:
      """
      echo "BLOCKED: not on this stream" >&2
      echo "I looked at everything."
      echo
      echo "**BLOCKED:** may the old API be removed?"
      """
    When the operator runs `agentd run site-builder --json`
    Then it exits with 0
    And the record says:
      | outcome   | "blocked"                     |
      | exit_code | 0                             |
      | cause     | "may the old API be removed?" |
    And the JSON on its stdout agrees with the record
