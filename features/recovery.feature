Feature: Recovery
  Whatever becomes of the daemon, what it has accepted is neither lost nor run twice: sessions that run go on, and the
  next daemon takes them up.

  Background:
    Given an agent that runs:
      """
      echo start >> .runa/starts
      echo working
      until [ -e .runa/go ]; do sleep 0.1; done
      echo done
      exit 5
      """

  Scenario: A session outlives the daemon that started it
    When the operator runs `agentd run site-builder --detach`
    And the session is running
    And the daemon is killed
    Then the container of the session is running
    When the daemon is started again
    And the operator runs `agentd ps --json`
    Then the JSON on its stdout is a list with:
      | profile        | state     |
      | "site-builder" | "running" |
    When the session is let go
    And the operator runs `agentd wait SESSION`
    Then it exits with 5
    And the record says:
      | outcome   | "work_failed" |
      | exit_code | 5             |
    And the file "runa/starts" of the record holds:
      """
      start

      """
    And nothing of the session is left behind

  Scenario: Who stays with a session goes on with the next daemon
    When the operator starts `agentd run site-builder`
    And it prints "working" while the session runs
    And the daemon is killed
    And the daemon is started again
    And the session is let go
    Then it exits with 5
    And its stderr says "lost the daemon; trying again for 60 s" and "the daemon is back"
    And its stdout is:
      """
      working
      done

      """

  Scenario: Who waits in the queue waits on with the next daemon
    Given the daemon's configuration says:
      """
      max_sessions = 1
      """
    When the operator runs `agentd run site-builder --detach --work-unit first`
    And the session is running
    And the operator starts `agentd run site-builder --work-unit second`
    And the daemon is killed
    And the daemon is started again
    And the session of "first" is let go
    And the session of "second" is running
    And the session of "second" is let go
    Then `agentd run site-builder --work-unit second` exits with 5
    And its stdout is:
      """
      working
      done

      """

  Scenario: A session that ended while no daemon ran has its own outcome
    When the operator starts `agentd run site-builder`
    And it prints "working" while the session runs
    And the daemon is killed
    And the session is let go
    And the container of the session has ended
    And the daemon is started again
    And the session is sealed
    Then the record says:
      | outcome   | "work_failed" |
      | exit_code | 5             |
    And nothing of the session is left behind

  Scenario: What was queued is queued again, in its order
    Given the daemon's configuration says:
      """
      max_sessions = 1
      """
    When the operator runs `agentd run site-builder --detach --work-unit first`
    And the session is running
    And the operator runs `agentd run site-builder --detach --work-unit second`
    And the operator runs `agentd run site-builder --detach --work-unit third`
    And the daemon is killed
    And the daemon is started again
    And the operator runs `agentd ps --json`
    Then the JSON on its stdout is a list with:
      | work_unit | state     | position |
      | "third"   | "queued"  | 2        |
      | "second"  | "queued"  | 1        |
      | "first"   | "running" | null     |
    When the session of "first" is let go
    And the session of "second" is running
    And the session of "second" is let go
    And the session of "third" is running
    And the session of "third" is let go
    And the session of "third" is sealed
    Then the record of "second" says:
      | outcome | "work_failed" |
    And nothing of the session is left behind

  Scenario: Told to detach, the daemon is gone at once and costs no session anything
    Given the daemon's configuration says:
      """
      shutdown = "detach"
      """
    When the operator runs `agentd run site-builder --detach`
    And the session is running
    And the daemon gets SIGTERM
    Then the daemon ends with 0
    And the container of the session is running
    When the daemon is started again
    And the session is let go
    And the operator runs `agentd wait SESSION`
    Then it exits with 5
    And nothing of the session is left behind

  Scenario: A session does not outlive the host
    When the operator runs `agentd run site-builder --detach`
    And the session is running
    And the daemon is killed
    And the host was restarted meanwhile
    And the daemon is started again
    And the session is sealed
    Then the record says:
      | outcome   | "interrupted" |
      | exit_code | null          |
    And nothing of the session is left behind
