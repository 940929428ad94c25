Feature: Schedules
  A profile with a schedule runs by itself, each instant at most once, and what became of it can be seen.

  Scenario: A profile runs by itself when its schedule says so
    Given an agent that runs:
      """
      echo 'the door is green'
      """
    And the profile says:
      """
      schedule = "* * * * *"
      timezone = "Asia/Kolkata"
      """
    And a running daemon
    When the schedule has fired
    And the session is sealed
    Then the record says:
      | trigger | "schedule" |
      | outcome | "success"  |
    And the session was scheduled for a full minute and accepted soon after
    When the operator runs `agentd schedule site-builder -n 2 --json`
    Then the JSON on its stdout is a list with:
      | profile        | schedule    | timezone       | missed | overlap | waiting_timestamp |
      | "site-builder" | "* * * * *" | "Asia/Kolkata" | "skip" | "allow" | null              |
    And the schedule shows the session as its last run, and 2 next runs
    When the operator runs `agentd schedule`
    Then its stdout mentions "success, session SHORT" and "+05:30"

  Scenario: The next runs are shown in the profile's own time zone
    Given an agent that runs:
      """
      true
      """
    And the profile says:
      """
      schedule = "30 2 29 2 *"
      timezone = "Europe/Berlin"
      """
    When the operator runs `agentd schedule site-builder -n 2`
    Then its stdout mentions "none yet", "Tue 2028-02-29 02:30 +01:00" and "Sun 2032-02-29 02:30 +01:00"

  Scenario: Where no profile has a schedule, that is what is shown
    Given an agent that runs:
      """
      true
      """
    When the operator runs `agentd schedule`
    Then it exits with 0
    And its stdout is:
      """
      No profile has a schedule.

      """
    When the operator runs `agentd schedule --json`
    Then the JSON on its stdout is a list with:
      | profile |
    When the operator runs `agentd schedule reviewer`
    Then it exits with 1
    And its stderr says "unknown_profile" and "site-builder"

  Scenario: A schedule that never fires, or in a zone that is not known, is refused
    Given the configuration file is:
      """
      [[profiles]]
      name = "monthly"
      base_image = "localhost/agentd-test/busybox"
      command = ["true"]
      repo = "/srv/site.git"
      schedule = "0 0 30 2 *"

      [[profiles]]
      name = "hourly"
      base_image = "localhost/agentd-test/busybox"
      command = ["true"]
      repo = "/srv/site.git"
      schedule = "@hourly"
      timezone = "Europe/Berln"
      """
    When the operator runs `agentd daemon`
    Then it exits with 1
    And its stderr says all of:
      | agentd.toml:6:  | profiles[0].schedule | never fires                    |
      | agentd.toml:13: | profiles[1].schedule | exactly five fields            |
      | agentd.toml:14: | profiles[1].timezone | did you mean "Europe/Berlin"?  |
