Feature: The operator's desk
  What an operator asks all day: what a session is and was, what is recorded, what can be run, and that it all ends.

  Scenario: A session is shown with every step it took, with and without a daemon
    Given an agent that runs:
      """
      mkdir .runa/deep && echo 'the door is green' > .runa/deep/report.txt
      echo 'the last line'
      exit 5
      """
    When the operator runs `agentd run site-builder --work-unit issue-42`
    And the operator runs `agentd show SESSION`
    Then it exits with 0
    And its stdout mentions all of:
      | session SESSION  work_failed |
      | issue-42                     |
      | HASH                         |
      | 1 file, 18 B                 |
      | preparing                    |
      | handed_over                  |
      | /bin/sh agent.sh             |
      | work_failed                  |
      | the last line                |
    When the operator runs `agentd show SESSION --json`
    Then the JSON on its stdout agrees with the record
    When the daemon gets SIGTERM
    And the daemon ends with 0
    And the operator runs `agentd show SESSION --json`
    Then the JSON on its stdout agrees with the record
    When the operator runs `agentd show SESSION`
    Then its stdout mentions "work_failed" and "handed_over"

  Scenario: The records are listed and shown without a daemon
    Given an agent that runs:
      """
      echo 'the door is green' > .runa/report.txt
      """
    When the operator runs `agentd run site-builder --work-unit issue-42`
    And the daemon gets SIGTERM
    And the daemon ends with 0
    And the operator runs `agentd audit ls site-builder --json`
    Then the JSON on its stdout is a list with:
      | session_id | work_unit  | outcome   | trigger  | commit | runa_files | runa_bytes |
      | "SESSION"  | "issue-42" | "success" | "manual" | "HASH" | 1          | 18         |
    When the operator runs `agentd audit ls`
    Then its stdout mentions "SHORT", "success" and "issue-42"
    When the operator runs `agentd audit ls nobody --json`
    Then its stdout is:
      """
      []

      """
    When the operator runs `agentd audit show SESSION`
    Then its stdout mentions "SESSION", "1 file, 18 B" and "handed_over"
    When the operator runs `agentd audit show SESSION --json`
    Then the JSON on its stdout says:
      | outcome    | "success" |
      | runa_files | 1         |

  Scenario: All sessions are stopped at once, also those that are queued
    Given the daemon's configuration says:
      """
      max_sessions = 1
      """
    And an agent that runs:
      """
      until [ -e .runa/go ]; do sleep 0.1; done
      """
    When the operator runs `agentd run site-builder --detach --work-unit first`
    And the session is running
    And the operator runs `agentd run site-builder --detach --work-unit second`
    And the operator runs `agentd run site-builder --detach --work-unit third`
    And the operator runs `agentd stop --all --grace 0s`
    Then it exits with 0
    And the record of "first" says:
      | outcome | "cancelled" |
    And the record of "second" says:
      | outcome         | "cancelled" |
      | start_timestamp | null        |
    And the record of "third" says:
      | outcome         | "cancelled" |
      | start_timestamp | null        |
    And nothing of the session is left behind
    When the operator runs `agentd stop --all`
    Then it exits with 0
    And its stderr says "no session" and "to stop"

  Scenario: The profiles are those that the daemon has loaded
    Given the profile says:
      """
      timeout = "2h"
      memory = "512m"
      """
    When the operator runs `agentd profiles --json`
    Then the JSON on its stdout is a list with:
      | name           | timeout_ms | memory_bytes | schedule |
      | "site-builder" | 7200000    | 536870912    | null     |
    When the operator runs `agentd profiles`
    Then its stdout mentions "site-builder", "2 h" and "512 MiB"

  Scenario: The log is looked at in part
    Given an agent that runs:
      """
      echo one
      echo two >&2
      echo three
      """
    When the operator runs `agentd run site-builder`
    And the operator runs `agentd logs --stream stderr SESSION`
    Then its stdout is ""
    And its stderr without agentd's own lines is:
      """
      two

      """
    When the operator runs `agentd logs --stream stdout --tail 1 SESSION`
    Then its stdout is "three\n"
    When the operator runs `agentd logs --since 6h --stream stdout SESSION`
    Then its stdout is "one\nthree\n"
    When the operator runs `agentd logs --since 2100-01-01T00:00:00Z SESSION`
    Then its stdout is ""

  Scenario: A configuration is checked before a daemon gets it
    Given the configuration file is:
      """
      [[profiles]]
      name = "site-builder"
      base_image = "localhost/site-builder"
      command = ["site-builder", "exec"]
      """
    When the operator runs `agentd config check`
    Then it exits with 0
    And its stdout mentions "ok: " and "site-builder"
    Given the configuration file is:
      """
      [[profiles]]
      name = "Site Builder"
      base_imag = "localhost/site-builder"
      command = []
      """
    When the operator runs `agentd config check`
    Then it exits with 1
    And its stderr says all of:
      | profiles[0].name      | must be a valid Unix user name |
      | profiles[0].base_imag | unknown key                    |
      | profiles[0].command   | at least one element           |

  Scenario: On a terminal, a run says what it waits for, and takes that away again
    Given the daemon's configuration says:
      """
      max_sessions = 1
      """
    And an agent that runs:
      """
      until [ -e .runa/go ]; do sleep 0.1; done
      echo 'the door is green'
      """
    When the operator runs `agentd run site-builder --detach --work-unit first`
    And the session is running
    And the operator starts `agentd run site-builder --work-unit second` on a terminal
    Then the terminal shows "queued #1"
    And the terminal shows "all 1 slots of daemon.max_sessions are taken"
    When the session of "first" is let go
    And the session of "second" is let go
    And they have ended
    Then the terminal shows "the door is green" below a cleared line

  Scenario: A harmful session does nothing to the operator's terminal, and --raw shows what it printed
    Given an agent that runs:
      """
      printf '\033]0;pwned\007\033]52;c;cm0=\007\033[?25l\033[31mthe door is red'
      """
    When the operator starts `agentd run site-builder` on a terminal
    And it has ended
    Then the terminal got "\033[31mthe door is red\033[0m\r\nagentd: session "
    And the terminal did not get "pwned"
    And the terminal did not get "\033[?25l"
    When the operator starts `agentd logs --raw --latest` on a terminal
    And it has ended
    Then the terminal got "\033]0;pwned\007\033]52;c;cm0=\007\033[?25l\033[31mthe door is red\033[0m\033[?25h"

  Scenario: Somebody who types a word of another program is told agentd's
    When the operator runs `agentd jobs`
    Then it exits with 2
    And its stderr says "unknown command 'jobs'" and "agentd ps"
