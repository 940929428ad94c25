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
    Then its stdout mentions "SHORT", "running" and "issue-42"
    When the session is let go
    And the session is sealed
    And the operator runs `agentd ps --json`
    Then its stdout does not mention "SESSION"
    When the operator runs `agentd ps -a`
    Then its stdout mentions "SHORT", "work_failed" and "issue-42"
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
    And its stdout mentions "SHORT", "success" and "second"
    And its stderr says "is not listed" and "session.json"

  Scenario Outline: A session is named by <what>
    Given an agent that runs:
      """
      echo 'the door is green'
      """
    When the operator runs `agentd run site-builder`
    And the operator runs `agentd <command>`
    Then it exits with 0
    And its stdout mentions "SESSION" and "site-builder"

    Examples:
      | what                      | command                                       |
      | the last digits of its id | show SHORT                                    |
      | the beginning of its id   | show $(echo SESSION \| cut -c 1-15)           |
      | its profile               | show site-builder                             |
      | being the newest          | show --latest                                 |
      | its profile, on disk      | audit show site-builder                       |
      | being the newest, on disk | audit show -l                                 |

  Scenario: What users of podman type by habit works
    Given an agent that runs:
      """
      exit 5
      """
    When the operator runs `agentd run site-builder --work-unit issue-42`
    And the operator runs `agentd ls -lq --profile site-builder`
    Then its stdout is:
      """
      SESSION

      """
    When the operator runs `agentd ps --filter exited=5 --format '{{.ID}} {{.Status}} {{.work_unit}}'`
    Then its stdout mentions "SESSION", "work_failed" and "issue-42"
    When the operator runs `agentd inspect --latest SESSION`
    Then it exits with 2
    When the operator runs `agentd inspect site-builder -f '{{.Outcome}}'`
    Then its stdout is "work_failed\n"

  Scenario: A name that means several sessions is answered with the newest of them
    Given an agent that runs:
      """
      true
      """
    When the operator runs `agentd run site-builder --work-unit first`
    And the operator runs `agentd run site-builder --work-unit second`
    And the operator runs `agentd wait $(echo SESSION | cut -c 1-4)`
    Then it exits with 125
    And its stderr says all of:
      | start with it | [ambiguous_session] |
      | first         | site-builder        |
      | SHORT         | second              |

  Scenario: Sessions are chosen by failure, profile and time, and what is not shown is counted
    Given an agent that runs:
      """
      test "$AGENTD_WORK_UNIT" = good
      """
    When the operator runs `agentd run site-builder --work-unit bad`
    And the operator runs `agentd run site-builder --work-unit good`
    And the operator runs `agentd ps --failed --profile site-builder --since 1d --json`
    Then the JSON on its stdout has a first element that says:
      | work_unit | "bad"               |
      | outcome   | "generic_failure"   |
      | command   | ["/bin/sh","agent.sh"] |
    When the operator runs `agentd ps --since 2100-01-01T00:00:00Z --json`
    Then its stdout is "[]\n"
    When the operator runs `agentd ps --until 2000-01-01T00:00:00Z --json`
    Then its stdout is "[]\n"
    When the operator runs `agentd ps --failed --profile nobody --json`
    Then its stdout is "[]\n"
    When the operator runs `agentd ps -a --limit 1`
    Then it exits with 0
    And its stderr says "agentd: 1 of " and " shown; see more with --limit"

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

  Scenario: egress says how to get a record of a session's connections
    Given an agent that runs:
      """
      true
      """
    When the operator runs `agentd run site-builder`
    Then it exits with 0
    When the operator runs `agentd egress SESSION`
    Then it exits with 1
    And its stderr says "cannot show the connections of session SESSION" and "it had no allowlist"
    When the operator runs `agentd status --json`
    Then the JSON on its stdout says:
      | gateway | null |

  Scenario: events tell what happened, for people and for programs
    Given an agent that runs:
      """
      exit 5
      """
    When the operator runs `agentd run site-builder --work-unit issue-42`
    Then it exits with 5
    When the operator runs `agentd events --type 'session.*'`
    Then its stdout mentions "session.accepted site-builder SHORT", "work_unit=issue-42" and "session.sealed site-builder SHORT outcome=work_failed"
    When the operator runs `agentd events --json --type 'session.running'`
    Then its stdout mentions "session_id" and "SESSION"
