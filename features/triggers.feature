Feature: What starts sessions
  A profile has several schedules, and an operator can pause them, skip a run and start one.

  Scenario: Two schedules of a profile give their sessions different requests
    Given an agent that runs:
      """
      cat "$AGENTD_REQUEST_FILE"
      """
    And the profile says:
      """
      request = "Fix what the linter finds."

      [[schedules]]
      name = "nightly"
      cron = "30 2 29 2 *"
      timezone = "Europe/Berlin"

      [[schedules]]
      name = "release"
      at = "2099-12-24T06:00:00+01:00"
      request = "Write the release notes."
      work_unit = "notes"
      """
    And a running daemon
    When the operator runs `agentd schedule fire site-builder`
    Then it exits with 1
    And its stderr says "unknown_schedule" and "Name one of them: nightly, release."
    When the operator runs `agentd schedule fire site-builder release`
    And the session is sealed
    Then the record says:
      | trigger       | "schedule" |
      | schedule_name | "release"  |
      | work_unit     | "notes"    |
      | outcome       | "success"  |
    When the operator runs `agentd logs SESSION`
    Then its stdout mentions "Write the" and "release notes."
    When the operator runs `agentd schedule ls site-builder -n 2 --json`
    Then the JSON on its stdout is a list with:
      | profile        | name      | schedule                       | missed |
      | "site-builder" | "nightly" | "30 2 29 2 *"                  | "skip" |
      | "site-builder" | "release" | "at 2099-12-24T06:00:00+01:00" | "once" |

  Scenario: A paused schedule skips its runs, also for the next daemon, until it is resumed
    Given an agent that runs:
      """
      true
      """
    And the profile says:
      """
      schedule = "30 2 29 2 *"
      timezone = "Europe/Berlin"
      """
    And a running daemon
    When the operator runs `agentd schedule pause site-builder`
    Then it exits with 0
    And its stderr says all of:
      | schedule default of site-builder is paused |
    When the daemon is killed
    And the daemon is started again
    And the operator runs `agentd schedule`
    Then its stdout mentions "paused", "since" and "none while it is paused"
    When the operator runs `agentd schedule skip-next site-builder`
    Then it exits with 1
    And its stderr says "schedule_refused" and "Resume it first"
    When the operator runs `agentd schedule resume site-builder`
    Then its stderr says all of:
      | runs next Tue 2028-02-29 02:30 +01:00 |
    When the operator runs `agentd schedule skip-next site-builder`
    Then its stderr says all of:
      | runs next Sun 2032-02-29 02:30 +01:00 |
    When the operator runs `agentd schedule pause site-builder --until 2020-01-01T00:00:00Z`
    Then it exits with 2
    And its stderr says all of:
      | --until: it is over |

  Scenario: A session that failed for a reason outside of the agent is tried again, so often and no more
    Given an agent that runs:
      """
      cat "$AGENTD_REQUEST_FILE"
      exit 6
      """
    And the profile says:
      """
      retry = { times = 1, delay = "0s" }
      """
    And a running daemon
    When the operator runs `agentd run site-builder --work-unit issue-42 --request 'Fix it.'`
    And a second session starts by itself and is sealed
    Then the record says:
      | trigger      | "retry"                  |
      | retry_number | 1                        |
      | work_unit    | "issue-42"               |
      | outcome      | "infrastructure_failure" |
    And its record names the first session as "retry_of"
    And no third one follows
    When the operator runs `agentd show SESSION`
    Then its stdout mentions "retry 1 of session" and "Fix it."

  Scenario: A try that waits for its time is shown, also by the next daemon, and never twice
    Given an agent that runs:
      """
      exit 6
      """
    And the profile says:
      """
      retry = { times = 1, delay = "24d" }
      schedule = "0 4 29 2 *"
      """
    And a running daemon
    When the operator runs `agentd run site-builder`
    Then its stderr says all of:
      | retry 1 at |
    When the daemon is killed
    And the daemon is started again
    And the operator runs `agentd schedule`
    Then its stdout mentions "retry 1 of session SESSION" and "(in 23 d)"
    When the operator runs `agentd schedule --json`
    Then its stdout mentions '"retries"' and "SESSION"
    When the operator runs `agentd ps -a`
    Then its stdout mentions "RETRY" and "in 23 d"
    When the operator runs `agentd show SESSION`
    Then its stdout mentions "next" and "retry 1 at"

  Scenario: A session of one profile follows a session of another
    Given an agent that runs:
      """
      echo built
      """
    And another profile "reviewer" that says:
      """
      chain = { after = ["site-builder"] }
      """
    And a running daemon
    When the operator runs `agentd run site-builder --work-unit issue-42`
    And a second session starts by itself and is sealed
    Then the record says:
      | profile   | "reviewer" |
      | trigger   | "chain"    |
      | work_unit | "issue-42" |
      | outcome   | "success"  |
    And its record names the first session as "after_session"
    And no third one follows

  Scenario: Profiles that would follow each other for ever are refused
    Given the configuration file is:
      """
      [[profiles]]
      name = "builder"
      base_image = "localhost/agentd-test/busybox"
      command = ["true"]
      repo = "/srv/site.git"
      chain = { after = ["reviewer"] }

      [[profiles]]
      name = "reviewer"
      base_image = "localhost/agentd-test/busybox"
      command = ["true"]
      repo = "/srv/site.git"
      chain = { after = ["builder"] }
      """
    When the operator runs `agentd daemon`
    Then it exits with 1
    And its stderr says all of:
      | profiles[0].chain.after[0] | builder -> reviewer -> builder |
