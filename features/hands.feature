Feature: Hands on a session
  An operator looks into a session, and works in it, while its command runs and after its end.

  Background:
    Given an agent that runs:
      """
      echo begun
      until [ -e .runa/go ]; do sleep 0.1; done
      """

  Scenario: A command runs in the session, as its user and in its repository
    When the operator runs `agentd run site-builder --detach`
    And the session is running
    And the operator runs `agentd exec site-builder -- sh -c 'id -un; pwd; exit 7'`
    Then it exits with 7
    And its stdout is:
      """
      site-builder
      /home/site-builder/repo

      """
    When the session is let go
    And the session is sealed
    Then nothing of the session is left behind

  Scenario: A shell gets a terminal
    When the operator runs `agentd run site-builder --detach`
    And the session is running
    And the operator starts `agentd exec -t site-builder -- sh -c 'test -t 1 && echo it has one'` on a terminal
    Then it exits with 0
    And the terminal shows "it has one"

  Scenario: A session stands still until it is resumed
    When the operator runs `agentd run site-builder --detach`
    And the session is running
    And the operator runs `agentd pause site-builder`
    Then it exits with 0
    And its stderr says "SESSION" and "is paused"
    When the operator runs `agentd ps`
    Then its stdout mentions "SHORT" and "paused"
    When the operator runs `agentd exec site-builder -- true`
    Then it exits with 125
    When the operator runs `agentd resume site-builder`
    Then it exits with 0
    When the session is let go
    And the session is sealed
    Then nothing of the session is left behind

  Scenario: What a session does and uses is shown
    When the operator runs `agentd run site-builder --detach`
    And the session is running
    And the operator runs `agentd top site-builder`
    Then its stdout mentions "HOST PID", "COMMAND" and "agent.sh"
    When the operator runs `agentd stats --once`
    Then its stdout mentions "SHORT", "MEMORY" and "2048"
    When the operator runs `agentd stats --json`
    Then the JSON on its stdout is a list with:
      | session_id | state     | pids_limit |
      | "SESSION"  | "running" | 2048       |

  Scenario: A session is followed from now on
    When the operator runs `agentd run site-builder --detach`
    And the session is running
    And the operator starts `agentd attach site-builder`
    And the session is let go
    And they have ended
    Then its stdout does not mention "begun"
    And its stderr says "SESSION" and "success"

  Scenario: A session that has ended takes no command
    When the operator runs `agentd run site-builder --detach`
    And the session is let go
    And the session is sealed
    And the operator runs `agentd exec site-builder -- true`
    Then it exits with 125
    And its stderr says "its command does not run" and "session_not_running"

  Scenario: A failed session is kept, looked into and removed
    Given the profile says:
      """
      keep = "on-failure"
      """
    And an agent that runs:
      """
      echo left > work.txt
      exit 5
      """
    When the operator runs `agentd run site-builder`
    Then it exits with 5
    And its stderr says "kept:" and "agentd enter SHORT"
    When the operator runs `agentd ps -a`
    Then its stdout mentions "SHORT", "KEPT" and "for 23 h"
    When the operator runs `agentd doctor`
    Then its stdout mentions "kept_sessions", "1 session is kept, with" and "of 20 GiB"
    When the operator runs `agentd enter site-builder -- cat work.txt`
    Then it exits with 0
    And its stdout is:
      """
      left

      """
    When the operator runs `agentd rm site-builder`
    Then it exits with 0
    And its stderr says "SESSION" and "is not kept any more"
    And nothing of the session is left behind
    When the operator runs `agentd enter site-builder -- true`
    Then it exits with 125
    And its stderr says "SESSION" and "nothing of it is kept"
