Feature: Reload
  A changed configuration takes effect without a restart, for what is accepted from then on. One with problems changes
  nothing.

  Background:
    Given the daemon's configuration says:
      """
      max_sessions = 1
      """
    And an agent that runs:
      """
      until [ "$AGENTD_WORK_UNIT" != patient ] || [ -e .runa/go ]; do sleep 0.1; done
      exit "${CODE:-0}"
      """
    And a running daemon

  Scenario: A profile that is added can be run, and one that is removed cannot
    Given another profile "reviewer" that says:
      """
      env = { CODE = "4" }
      """
    When the operator saves the configuration
    And the operator runs `agentd reload`
    Then it exits with 0
    And its stdout mentions "profiles added" and "reviewer"
    When the operator runs `agentd run reviewer`
    Then the record says:
      | profile | "reviewer"      |
      | outcome | "nothing_ready" |
    Given the profile says:
      """
      name = "builder"
      """
    When the operator saves the configuration
    And the operator runs `agentd reload --json`
    Then the JSON on its stdout says:
      | profiles_added   | ["builder"]      |
      | profiles_changed | []               |
      | profiles_removed | ["site-builder"] |
      | needs_restart    | []               |
    When the operator runs `agentd run site-builder`
    Then it exits with 125
    And its stderr says "unknown_profile" and "builder, reviewer"

  Scenario: A file with problems changes nothing, and all of them are said
    When the operator adds to the configuration file:
      """
      [[profiles]]
      name = "Reviewer"
      base_image = "localhost/agentd-test/busybox"
      command = []
      """
    And the operator runs `agentd reload`
    Then it exits with 1
    And its stderr says all of:
      | profiles[1].name    | valid Unix user name |
      | profiles[1].command | at least one element |
      | config_invalid      |                      |
      | nothing has changed |                      |
    When the daemon gets SIGHUP
    Then the daemon's log says "configuration not reloaded" and "profiles[1].command"
    When the operator runs `agentd profiles --json`
    Then the JSON on its stdout is a list with:
      | name           |
      | "site-builder" |
    When the operator runs `agentd run site-builder`
    Then it exits with 0

  Scenario: What was accepted before keeps what it was accepted with
    When the operator starts `agentd run site-builder --work-unit patient`
    And the session is running
    And the operator starts `agentd run site-builder --work-unit queued`
    And the session is queued
    Given the profile says:
      """
      env = { CODE = "5" }
      """
    When the operator saves the configuration
    And the operator runs `agentd reload`
    Then its stdout mentions "profiles changed" and "site-builder"
    When the operator starts `agentd run site-builder --work-unit later`
    And the session of "patient" is let go
    And they have ended
    Then the record of "patient" says:
      | outcome | "success" |
    And the record of "queued" says:
      | outcome | "success" |
    And the record of "later" says:
      | outcome | "work_failed" |

  Scenario: More places are there at once for what is queued
    When the operator starts `agentd run site-builder --work-unit patient`
    And the session is running
    And the operator starts `agentd run site-builder --work-unit queued`
    And the session is queued
    Given the daemon's configuration says:
      """
      max_sessions = 2
      """
    When the operator saves the configuration
    And the operator runs `agentd reload --json`
    Then the JSON on its stdout says:
      | settings_changed | ["daemon.max_sessions"] |
    And the session of "queued" is sealed
    And the session of "patient" is running
    When the session of "patient" is let go
    Then they have ended

  Scenario: A new schedule is followed after SIGHUP
    Given the profile says:
      """
      schedule = "30 2 29 2 *"
      timezone = "Europe/Berlin"
      """
    When the operator saves the configuration
    And the daemon gets SIGHUP
    Then the daemon's log says "configuration reloaded" and "schedules_changed"
    When the operator runs `agentd schedule site-builder -n 2`
    Then its stdout mentions "none yet", "Tue 2028-02-29 02:30 +01:00" and "Sun 2032-02-29 02:30 +01:00"

  Scenario: What a running daemon cannot change is named and stays as it was
    Given the daemon's configuration says:
      """
      audit_root = "elsewhere"
      """
    When the operator saves the configuration
    And the operator runs `agentd reload`
    Then its stdout mentions "needs a restart" and "daemon.audit_root"
    When the operator runs `agentd run site-builder`
    Then the record says:
      | outcome | "success" |

  Scenario: Credentials are read again
    Given the profile says:
      """
      credentials = [{ name = "TOKEN", source = "SITE_TOKEN" }]
      """
    And an agent that runs:
      """
      echo "the token has ${#TOKEN} characters"
      """
    When the operator saves the configuration
    And the operator runs `agentd reload`
    And the operator runs `agentd run site-builder`
    Then it exits with 125
    And its stderr says "launch_failed (credentials)" and "credentials.env (chmod 0600), then run `agentd reload`."
    Given credentials.env says:
      """
      # For the site.
      SITE_TOKEN="red squirrel"
      """
    When the operator runs `agentd reload`
    Then it exits with 0
    And its stdout mentions "credentials changed" and "SITE_TOKEN"
    And its stdout does not mention "squirrel"
    When the operator runs `agentd run site-builder`
    Then its stdout mentions "the token has" and "12 characters"
    Given credentials.env says:
      """
      # Nothing any more.
      """
    When the operator runs `agentd run site-builder`
    Then its stderr says "credentials.env changed since the daemon read it" and "`agentd reload`"
    And its stdout mentions "the token has" and "12 characters"
    When the operator runs `agentd reload`
    And the operator runs `agentd run site-builder`
    Then it exits with 125
    And its stderr says "launch_failed (credentials)" and "SITE_TOKEN"
    And its stderr does not say "changed since"

  Scenario: A session is run though the changed configuration was not reloaded
    Given an agent that runs:
      """
      true
      """
    When the operator runs `agentd run site-builder`
    Then it exits with 0
    And its stderr does not say "changed since"
    When the operator adds to the configuration file:
      """
      # The door is green now.
      """
    And the operator runs `agentd run site-builder --detach`
    Then it exits with 0
    And its stderr says "agentd.toml changed since the daemon read it" and "`agentd reload`"
    When the operator runs `agentd status`
    Then its stdout mentions "changed" and "agentd.toml, since it was read"
