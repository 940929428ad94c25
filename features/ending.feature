Feature: Ending a session
  An operator's stop and a deadline both end a session, and its outcome says which of them did.

  Scenario: The operator stops a session
    Given an agent that runs:
      """
      exec sleep 1000
      """
    When the operator starts `agentd run site-builder --json`
    And the session is running
    And the operator runs `agentd stop SESSION`
    Then it exits with 0
    When the session is sealed
    Then the record says:
      | outcome   | "cancelled" |
      | exit_code | 143         |
    And `agentd run site-builder --json` exits with 130
    And nothing of the session is left behind

  Scenario: An agent that winds up when told to stop was cancelled all the same
    Given an agent that runs:
      """
      trap 'echo "winding up"; exit 0' TERM
      echo ready
      while :; do sleep 0.1; done
      """
    When the operator starts `agentd run site-builder`
    Then it prints "ready" while the session runs
    When the operator runs `agentd stop SESSION`
    And the session is sealed
    Then the record says:
      | outcome   | "cancelled" |
      | exit_code | 0           |
    And `agentd run site-builder` exits with 130

  Scenario: An agent that ignores the stop is killed after the grace
    Given an agent that runs:
      """
      trap '' TERM
      echo ready
      while :; do sleep 0.1; done
      """
    When the operator starts `agentd run site-builder`
    Then it prints "ready" while the session runs
    When the operator runs `agentd stop --grace 1s SESSION`
    And the session is sealed
    Then the record says:
      | outcome   | "cancelled" |
      | exit_code | 137         |
    And nothing of the session is left behind

  Scenario: A session past its profile's timeout is ended
    Given the profile says:
      """
      timeout = "1s"
      """
    And an agent that runs:
      """
      exec sleep 1000
      """
    When the operator runs `agentd run site-builder --json`
    Then it exits with 124
    And the record says:
      | outcome   | "timed_out" |
      | exit_code | 143         |
    And the JSON on its stdout agrees with the record
    And nothing of the session is left behind

  Scenario: A session that gets nowhere is found, and ended where its profile says so
    Given the profile says:
      """
      stall = "3s"
      on_stall = "stop"
      """
    And an agent that runs:
      """
      echo 'Continue? [y/n]'
      exec sleep 1000
      """
    When the operator runs `agentd run site-builder --json`
    Then it exits with 121
    And the record says:
      | outcome  | "stalled"                                                                         |
      | cause    | "no output and no processor time to speak of for 3 s"                             |
      | warnings | ["The session stalled: no output and no processor time to speak of for 3 s."] |
    And nothing of the session is left behind

  Scenario: A session that works in silence is not stalled
    Given the profile says:
      """
      stall = "2s"
      on_stall = "stop"
      """
    And an agent that runs:
      """
      end=$(($(date +%s) + 6))
      while [ $(date +%s) -lt $end ]; do i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done; done
      """
    When the operator runs `agentd run site-builder`
    Then it exits with 0
    And the record says:
      | outcome  | "success" |
      | warnings | []        |

  Scenario: A session that is only told to be stalled goes on, and says so until then
    Given the profile says:
      """
      stall = "2s"
      """
    And an agent that runs:
      """
      until [ -e .runa/go ]; do sleep 0.5; done
      echo done
      """
    When the operator starts `agentd run site-builder`
    And the session is busy with "stalled: no output and no processor time to speak of for 2 s"
    And the operator runs `agentd show SESSION`
    Then its stdout mentions "stalled: no output" and "idle_ms"
    When the session is let go
    And it has ended
    Then it exits with 0
    And the record says:
      | outcome | "success" |

  Scenario: A timeout on the command line goes before the profile's
    Given the profile says:
      """
      timeout = "1h"
      """
    And an agent that runs:
      """
      exec sleep 1000
      """
    When the operator runs `agentd run site-builder --timeout 1s`
    Then it exits with 124

  Scenario: The grace of the profile holds where the operator names none
    Given the profile says:
      """
      grace = "1s"
      """
    And an agent that runs:
      """
      trap 'echo "not yet"' TERM
      echo ready
      while :; do sleep 0.1; done
      """
    When the operator starts `agentd run site-builder --json`
    Then it prints "ready" while the session runs
    When the operator runs `agentd stop SESSION`
    And the session is sealed
    And they have ended
    Then the record says:
      | outcome   | "cancelled" |
      | exit_code | 137         |
      | signal    | "SIGKILL"   |
    And `agentd run site-builder --json` exits with 130
    When the operator runs `agentd logs SESSION`
    Then its stdout is:
      """
      ready
      not yet

      """

  Scenario: A session that ignores its deadline is killed after the grace
    Given the profile says:
      """
      timeout = "3s"
      grace = "1s"
      """
    And an agent that runs:
      """
      trap '' TERM HUP INT QUIT
      while :; do sleep 0.1; done
      """
    When the operator runs `agentd run site-builder`
    Then it exits with 124
    And the record says:
      | outcome   | "timed_out" |
      | exit_code | 137         |
    And nothing of the session is left behind

  Scenario: A session that winds up at its deadline has timed out all the same
    Given the profile says:
      """
      timeout = "3s"
      """
    And an agent that runs:
      """
      trap 'exit 0' TERM
      while :; do sleep 0.1; done
      """
    When the operator runs `agentd run site-builder`
    Then it exits with 124
    And the record says:
      | outcome   | "timed_out" |
      | exit_code | 0           |

  Scenario: A session that prints more than it may is ended
    Given the daemon's configuration says:
      """
      log_limit = "1m"
      """
    And an agent that runs:
      """
      trap '' TERM
      yes 'the door is green'
      """
    When the operator runs `agentd run site-builder --json`
    Then it exits with 123
    And the record says:
      | outcome   | "output_limit_exceeded" |
      | exit_code | 137                     |
    And the JSON on its stdout agrees with the record
    And nothing of the session is left behind

  Scenario: A session that has more on the disk than it may is ended
    Given the profile says:
      """
      disk = "40m"
      """
    And an agent that runs:
      """
      trap '' TERM
      dd if=/dev/zero of=small bs=1M count=10 2>/dev/null
      # Neither a hole nor a second name takes room.
      truncate -s 1G hole
      ln small second
      echo small
      sleep 3
      dd if=/dev/zero of="$HOME/large" bs=1M count=50 2>/dev/null
      echo large
      exec sleep 1000
      """
    When the operator runs `agentd run site-builder --json`
    Then it exits with 120
    And the record says:
      | outcome   | "disk_limit_exceeded" |
      | exit_code | 137                   |
    And the JSON on its stdout agrees with the record
    And nothing of the session is left behind

  Scenario: A session that stays within its bound on the disk is left alone
    Given the profile says:
      """
      disk = "40m"
      """
    And an agent that runs:
      """
      # What is large is left out of an export, which a warning would say.
      cd "$HOME"
      dd if=/dev/zero of=small bs=1M count=10 2>/dev/null
      truncate -s 1G hole
      ln small second
      sleep 3
      """
    When the operator runs `agentd run site-builder`
    Then it exits with 0
    And the record says:
      | outcome  | "success" |
      | warnings | []        |

  Scenario: What an agent leaves running is killed with it when it is stopped
    Given an agent that runs:
      """
      (trap '' TERM HUP; sleep 1000) &
      setsid sh -c "trap '' TERM; sleep 1000" &
      echo ready
      wait
      """
    When the operator starts `agentd run site-builder`
    Then it prints "ready" while the session runs
    When the operator runs `agentd stop SESSION`
    And the session is sealed
    Then the record says:
      | outcome   | "cancelled" |
      | exit_code | 143         |
    And nothing of the session is left behind
