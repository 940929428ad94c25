Feature: Requests that are refused
  What cannot be accepted is said at once, with what to do next, and leaves no record.

  Scenario Outline: <what>
    Given an agent that runs:
      """
      echo 'never reached'
      """
    When the operator runs `<command>`
    Then it exits with <exit>
    And its stdout is ""
    And its stderr says "<error>" and "<hint>"
    And no session was recorded

    Examples:
      | what                         | command                                                 | exit | error               | hint                  |
      | An unknown profile           | agentd run nobody-there                                 | 125  | nobody-there        | unknown_profile       |
      | An empty work unit           | agentd run site-builder --work-unit ''                  | 125  | work unit           | 1 to 200              |
      | A work unit with a tab       | agentd run site-builder --work-unit "$(printf 'a\\tb')" | 125  | a\\tb               | 1 to 200              |
      | A work unit that is too long | agentd run site-builder --work-unit $(seq -s- 100)      | 125  | work unit           | 1 to 200              |
      | A ref that is an option      | agentd run site-builder --ref=--upload-pack=x           | 125  | --upload-pack=x     | ref_invalid           |
      | No profile at all            | agentd run                                              | 125  | profile             | agentd --help         |
      | An option that is not there  | agentd ps --everything                                  | 2    | --everything        | agentd --help         |
      | A session that never was     | agentd stop 0123456789abcdef                            | 1    | 0123456789abcdef    | unknown_session       |
      | The same, waited for         | agentd wait 0123456789abcdef                            | 125  | 0123456789abcdef    | unknown_session       |

  Scenario: A URL with a password in it, which is not repeated
    When the operator runs `agentd run site-builder https://me:hidden@host/x.git`
    Then it exits with 125
    And its stderr says "repository_invalid" and "host/x.git"
    And its stderr does not say "hidden"
    And no session was recorded

  Scenario: No repository, neither in the command nor in the profile
    Given the profile says nothing about "repo"
    When the operator runs `agentd run site-builder`
    Then it exits with 125
    And its stderr says "repository" and "agentd run site-builder https://"
    And no session was recorded

  Scenario Outline: Without a daemon, <command> says how to start one
    When the operator runs `<command>` without a daemon
    Then it exits with <exit>
    And its stderr says "daemon_not_running" and "agentd daemon"

    Examples:
      | command                 | exit |
      | agentd run site-builder | 125  |
      | agentd ps               | 1    |
      | agentd status --json    | 1    |
