Feature: Notifications
  Nobody looks at agentd all day. It tells an operator once of whatever needs a person.

  Background:
    Given an agent that runs:
      """
      echo "only the log has this line"
      [ -e fixed ] || exit 5
      """
    And a receiver of messages, whose address is in "TEAM_URL"
    And the configuration also says:
      """
      [[notify]]
      name = "team"
      url_source = "TEAM_URL"
      """
    And a running daemon

  Scenario: A profile that fails is told of once, and once more when it works again
    When the operator runs `agentd run site-builder`
    And the operator runs `agentd run site-builder`
    Then the receiver gets "site-builder failed"
    And the message says "Its session ended as work_failed (exit code 5)." and "agentd show "
    Given the repository has the file "fixed" with "it is"
    When the operator runs `agentd run site-builder`
    Then the receiver gets "site-builder works again"
    And the message says "after 2 failures" and "agentd show "
    And the receiver has these messages, and no other:
      | site-builder failed      |
      | site-builder works again |
    And no message has "only the log has this line"

  Scenario: A message waits for a receiver that is away, also while the daemon is
    Given the receiver is away
    When the operator runs `agentd run site-builder`
    Then `agentd notify ls` shows soon:
      | team | standard | failing | 1 | it answered with HTTP 503 |
    When the operator runs `agentd notify test team`
    Then it exits with 1
    And its stdout mentions "team: not delivered" and "HTTP 503"
    When the daemon is killed
    And the daemon is started again
    Then `agentd notify ls` shows soon:
      | team | standard | failing | 2 | it answered with HTTP 503 |
    Given the receiver is back
    When the operator runs `agentd notify test team`
    Then it exits with 0
    And the receiver gets "agentd is back after a crash"
    And the receiver has these messages, and no other:
      | agentd can reach you here    |
      | agentd is back after a crash |
      | site-builder failed          |
    And `agentd notify ls` shows soon:
      | team | standard | ok | 0 |

  Scenario: Only targets of the configuration can be tried
    When the operator runs `agentd notify test phone`
    Then it exits with 1
    And its stderr says "unknown_target" and "Existing targets: team."
