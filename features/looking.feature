Feature: Looking at sessions and at the daemon
  What is queued, what runs, what ended and what the host can do: for people, and as JSON for programs.

  Scenario: A detached session goes on by itself
    Given an agent that runs:
      """
      echo 'the door is green'
      """
    When the operator runs `agentd run site-builder --detach`
    Then it exits with 0
    And its stdout is:
      """
      SESSION

      """
    When the operator runs `agentd wait SESSION`
    Then it exits with 0
    When the operator runs `agentd logs SESSION`
    Then its stdout is:
      """
      the door is green

      """

  Scenario: ps shows what is not sealed, ps -a everything
    Given an agent that runs:
      """
      until [ -e .runa/go ]; do sleep 0.1; done
      exit 5
      """
    When the operator runs `agentd run site-builder --detach --work-unit issue-42`
    And the session is running
    And the operator runs `agentd ps`
    Then its stdout mentions "SESSION", "running" and "issue-42"
    When the session is let go
    And the session is sealed
    And the operator runs `agentd ps --json`
    Then its stdout does not mention "SESSION"
    When the operator runs `agentd ps -a`
    Then its stdout mentions "SESSION", "work_failed" and "issue-42"
    When the operator runs `agentd ps -a --limit 1 --json`
    Then the JSON on its stdout is a list with:
      | session_id | work_unit  | state    | outcome       | exit_code |
      | "SESSION"  | "issue-42" | "sealed" | "work_failed" | 5         |

  Scenario: A record that cannot be read hides no other from ps
    Given an agent that runs:
      """
      true
      """
    When the operator runs `agentd run site-builder --work-unit first`
    And somebody removes "agentd/session.json" in the record
    And the operator runs `agentd run site-builder --work-unit second`
    And the operator runs `agentd ps -a`
    Then it exits with 1
    And its stdout mentions "SESSION", "success" and "second"
    And its stderr says "is not listed" and "session.json"

  Scenario: A session is named by the beginning of its id
    Given an agent that runs:
      """
      echo 'the door is green'
      """
    When the operator runs `agentd run site-builder`
    And the operator runs `agentd logs $(echo SESSION | cut -c 1-15)`
    Then its stdout is:
      """
      the door is green

      """

  Scenario: The daemon shows what it is and what this host can do
    When the operator runs `agentd status --json`
    Then it exits with 0
    And the JSON on its stdout says:
      | state    | "running"                                                 |
      | sessions | {"queued":0,"preparing":0,"running":0,"finishing":0}      |
    And the JSON on its stdout names the daemon's pid
    And the engine it shows is the one that podman info shows
    When the operator runs `agentd status`
    Then it exits with 0
