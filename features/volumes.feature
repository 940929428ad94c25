Feature: Volumes
  Directories that outlive sessions: one session at a time has one, or each gets a copy, and none is in the record.

  Scenario: What a session leaves in a volume, the next one finds
    Given the profile says:
      """
      volumes = [{ name = "cache", target = "~/.cache/build" }]
      artifacts = ["~/.cache/**"]
      """
    And an agent that runs:
      """
      cat "$HOME/.cache/build/count" 2>/dev/null
      echo one more >> "$HOME/.cache/build/count"
      """
    When the operator runs `agentd run site-builder`
    Then it exits with 0
    And its stdout is ""
    When the operator runs `agentd run site-builder`
    Then its stdout is:
      """
      one more

      """
    And the record says:
      | artifacts | {"files":0,"bytes":0} |
    When the operator runs `agentd volume ls --json`
    Then the JSON on its stdout is a list with:
      | volume               | profiles         | open_sessions |
      | "site-builder/cache" | ["site-builder"] | []            |
    When the operator runs `agentd volume rm cache`
    Then it exits with 0
    And its stderr says "removed" and "site-builder/cache"
    When the operator runs `agentd run site-builder`
    Then its stdout is ""

  Scenario: A session that needs a volume waits for the one that has it, and others pass
    Given the profile says:
      """
      volumes = [{ name = "cache", target = "/cache" }]
      """
    And another profile "reviewer" that says:
      """
      """
    And an agent that runs:
      """
      until [ -e .runa/go ]; do sleep 0.1; done
      """
    When the operator starts `agentd run site-builder --work-unit first`
    And the session is running
    And the operator runs `agentd volume rm cache`
    Then it exits with 1
    And its stderr says "volume_in_use" and "has it, or will have it"
    When the operator starts `agentd run site-builder --work-unit second`
    And the session is queued
    And the operator starts `agentd run reviewer --work-unit third`
    And the session is running
    When the operator runs `agentd ps`
    Then its stdout mentions "queued #1" and "volume site-builder/cache is in use by session"
    When the session of "first" is let go
    And the session of "second" is running
    And the operator runs `agentd stop --all`
    Then they have ended

  Scenario: A copy is the session's own
    Given another profile "filler" that says:
      """
      volumes = [{ name = "cache", target = "/cache", shared = true }]
      """
    And the profile says:
      """
      volumes = [{ name = "cache", target = "/cache", shared = true, mode = "copy" }]
      """
    And an agent that runs:
      """
      cat /cache/who 2>/dev/null
      echo "$AGENTD_PROFILE" >> /cache/who
      """
    When the operator runs `agentd run filler`
    And the operator runs `agentd run site-builder`
    And the operator runs `agentd run site-builder`
    Then its stdout is:
      """
      filler

      """
    And nothing of the session is left behind

  Scenario: A volume that is larger than it may be ends the session, and is emptied before the next
    Given the profile says:
      """
      volumes = [{ name = "cache", target = "/cache", size = "8m" }]
      """
    And an agent that runs:
      """
      ls /cache
      dd if=/dev/zero of=/cache/large bs=1M count=20 2>/dev/null
      exec sleep 1000
      """
    When the operator runs `agentd run site-builder --json`
    Then it exits with 120
    And the record says:
      | outcome | "disk_limit_exceeded" |
    Given an agent that runs:
      """
      ls /cache
      """
    When the operator runs `agentd run site-builder`
    Then it exits with 0
    And its stdout is ""
