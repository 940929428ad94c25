Feature: The queue
  daemon.max_sessions bounds how many sessions run at once; what waits shows why.

  Background:
    Given the daemon's configuration says:
      """
      max_sessions = 1
      """
    And an agent that runs:
      """
      until [ -e .runa/go ]; do sleep 0.1; done
      """

  Scenario: A session beyond the limit waits its turn, visibly
    When the operator starts `agentd run site-builder --work-unit first`
    And the session is running
    And the operator starts `agentd run site-builder --work-unit second`
    And the session is queued
    And the operator runs `agentd ps --json`
    Then the JSON on its stdout is a list with:
      | work_unit | state     | position | reason                                        |
      | "second"  | "queued"  | 1        | "all 1 places of daemon.max_sessions are taken" |
      | "first"   | "running" | null     | null                                          |
    When the session of "first" is let go
    And the session of "second" is running
    And the session of "second" is let go
    And they have ended
    Then the record of "first" says:
      | outcome | "success" |
    And the record of "second" says:
      | outcome | "success" |

  Scenario: A session that is stopped in the queue never runs
    When the operator starts `agentd run site-builder --work-unit first`
    And the session is running
    And the operator starts `agentd run site-builder --work-unit second`
    And the session is queued
    And the operator runs `agentd stop SESSION`
    And the session is sealed
    Then the record of "second" says:
      | outcome         | "cancelled" |
      | start_timestamp | null        |
      | exit_code       | null        |
