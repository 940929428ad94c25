Feature: The queue
  daemon.max_sessions, a profile's max_sessions and daemon.memory_budget bound what runs at once; what waits shows why.

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
      | "second"  | "queued"  | 1        | "all 1 slots of daemon.max_sessions are taken" |
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

  Scenario: A session that its own profile holds back lets others pass
    Given the daemon's configuration says:
      """
      max_sessions = 4
      """
    And another profile "reviewer" that says:
      """
      """
    And the profile says:
      """
      max_sessions = 1
      """
    When the operator starts `agentd run site-builder --work-unit first`
    And the session is running
    And the operator starts `agentd run site-builder --work-unit second`
    And the session is queued
    And the operator starts `agentd run reviewer --work-unit third`
    And the session is running
    And the operator runs `agentd ps --json`
    Then the JSON on its stdout is a list with:
      | work_unit | state     | position | reason                                                            |
      | "third"   | "running" | null     | null                                                              |
      | "second"  | "queued"  | 1        | "all 1 slots of profiles.max_sessions for site-builder are taken" |
      | "first"   | "running" | null     | null                                                              |
    When the operator runs `agentd stop --all`
    Then they have ended

  Scenario: Small sessions do not overtake one that waits for memory
    Given the daemon's configuration says:
      """
      max_sessions = 4
      memory_budget = "300m"
      """
    And the profile says:
      """
      memory = "200m"
      """
    And another profile "reviewer" that says:
      """
      memory = "64m"
      """
    When the operator starts `agentd run site-builder --work-unit first`
    And the session is running
    And the operator starts `agentd run reviewer --work-unit second`
    And the session is running
    And the operator starts `agentd run site-builder --work-unit third`
    And the session is queued
    And the operator runs `agentd ps --json`
    Then the JSON on its stdout is a list with:
      | work_unit | state     | position | reason                                                         |
      | "third"   | "queued"  | 1        | "needs 200 MiB, but only 36 MiB of daemon.memory_budget is free" |
      | "second"  | "running" | null     | null                                                           |
      | "first"   | "running" | null     | null                                                           |
    When the session of "second" is let go
    And the session of "second" is sealed
    And the operator starts `agentd run reviewer --work-unit fourth`
    And the session is queued
    And the operator runs `agentd ps`
    Then its stdout mentions "daemon.memory_budget has too little free memory for session" and "needs 200 MiB"
    When the session of "first" is let go
    And the session of "third" is running
    And the session of "fourth" is running
    And the operator runs `agentd stop --all`
    Then they have ended

  Scenario: One run of a profile does not wait for all that another profile has asked for
    Given another profile "reviewer" that says:
      """
      """
    When the operator starts `agentd run site-builder --work-unit first`
    And the session is running
    And the operator starts `agentd run site-builder --work-unit second`
    And the operator starts `agentd run site-builder --work-unit third`
    And the operator starts `agentd run reviewer --work-unit fourth`
    And the session is queued
    And the operator runs `agentd ps --json`
    Then the JSON on its stdout is a list with:
      | work_unit | state     | position |
      | "fourth"  | "queued"  | 1        |
      | "third"   | "queued"  | 3        |
      | "second"  | "queued"  | 2        |
      | "first"   | "running" | null     |
    When the session of "first" is let go
    Then the session of "fourth" is running
    When the operator runs `agentd stop --all`
    Then they have ended

  Scenario: What waits still waits after the daemon was killed, and what runs still counts
    Given the daemon's configuration says:
      """
      max_sessions = 4
      """
    And the profile says:
      """
      max_sessions = 1
      """
    When the operator starts `agentd run site-builder --work-unit first`
    And the session is running
    And the operator starts `agentd run site-builder --work-unit second`
    And the operator starts `agentd run site-builder --work-unit third`
    And the session is queued
    And the daemon is killed
    And the daemon is started again
    And the operator runs `agentd ps --json`
    Then the JSON on its stdout is a list with:
      | work_unit | state     | position | reason                                                            |
      | "third"   | "queued"  | 2        | "all 1 slots of profiles.max_sessions for site-builder are taken" |
      | "second"  | "queued"  | 1        | "all 1 slots of profiles.max_sessions for site-builder are taken" |
      | "first"   | "running" | null     | null                                                              |
    When the session of "first" is let go
    Then the session of "second" is running
    When the operator runs `agentd stop --all`
    Then they have ended

  Scenario: Nothing begins while a disk has too little room
    Given the daemon's configuration says:
      """
      max_sessions = 1
      """
    When the operator starts `agentd run site-builder --work-unit first`
    And the session is running
    And the operator starts `agentd run site-builder --work-unit second`
    And the session is queued
    And the daemon's configuration says:
      """
      min_free = "8000t"
      """
    And the operator saves the configuration
    And the operator runs `agentd reload`
    And the session of "first" is let go
    And the session of "first" is sealed
    And the operator runs `agentd ps`
    Then its stdout mentions "queued", "(records)" and "daemon.min_free"
    When the operator runs `agentd run site-builder --work-unit third`
    Then it exits with 125
    And its stderr says "disk_low" and "agentd audit prune"
    When the daemon's configuration says:
      """
      min_free = "0"
      """
    And the operator saves the configuration
    And the operator runs `agentd reload`
    Then the session of "second" is running
    When the operator runs `agentd stop --all`
    Then they have ended
