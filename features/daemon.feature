Feature: The daemon
  One daemon has a state directory; it ends politely, and losing the Podman service costs no session its outcome.

  Scenario: Told to end, it finishes what runs and takes nothing new
    Given an agent that runs:
      """
      until [ -e .runa/go ]; do sleep 0.1; done
      """
    When the operator starts `agentd run site-builder --work-unit first`
    And the session is running
    And the daemon gets SIGTERM
    And the daemon is draining
    And the operator runs `agentd run site-builder --work-unit second`
    Then it exits with 125
    And its stderr says "daemon_stopping" and "Try again"
    When the session of "first" is let go
    Then the daemon ends with 0
    And no process of the daemon is left
    And `agentd run site-builder --work-unit first` exits with 0
    And the record of "first" says:
      | outcome | "success" |
    And nothing of the session is left behind

  Scenario: At a second signal it leaves at once, and the session runs on
    Given an agent that runs:
      """
      until [ -e .runa/go ]; do sleep 0.1; done
      """
    When the operator starts `agentd run site-builder`
    And the session is running
    And the daemon gets SIGTERM
    And the daemon is draining
    And the daemon gets SIGTERM
    Then the daemon has been ended by the signal
    And the container of the session is running

  Scenario: A second daemon on the same state directory names the first
    Given a running daemon
    When the operator runs `agentd daemon`
    Then it exits with 1
    And its stderr says "daemon_running" and the daemon's pid
    When the operator runs `agentd status`
    Then it exits with 0

  Scenario: The Podman service is killed while a session runs
    Given an agent that runs:
      """
      echo working
      until [ -e .runa/go ]; do sleep 0.1; done
      exit 5
      """
    When the operator starts `agentd run site-builder`
    Then it prints "working" while the session runs
    When the daemon's Podman service is killed
    And the session is let go
    And it has ended
    Then it exits with 5
    And the record says:
      | outcome   | "work_failed" |
      | exit_code | 5             |
    And nothing of the session is left behind
    When the operator runs `agentd run site-builder --detach`
    And the session is running
    And the session is let go
    And the session is sealed
    Then the record says:
      | outcome | "work_failed" |

  Scenario: Every problem of a configuration is told at once
    Given the configuration file is:
      """
      [daemon]
      max_sesions = 2

      [[profiles]]
      name = "Site Builder"
      base_image = "localhost/agentd-test/busybox"
      command = []
      timeout = "soon"

      [[profiles.credentials]]
      name = "TOKEN"
      source = "not a variable"
      """
    When the operator runs `agentd daemon`
    Then it exits with 1
    And its stderr says all of:
      | agentd.toml:2:  | daemon.max_sesions                | did you mean "max_sessions"?            |
      | agentd.toml:5:  | profiles[0].name                  | "Site Builder"                          |
      | agentd.toml:7:  | profiles[0].command               | at least one element                    |
      | agentd.toml:8:  | profiles[0].timeout               | "soon"                                  |
      | agentd.toml:12: | profiles[0].credentials[0].source | the name of an environment variable     |
    And its stderr does not say "not a variable"

  Scenario: Without a configuration, it says where it looked
    When the operator runs `agentd --config /nowhere/agentd.toml daemon`
    Then it exits with 1
    And its stderr says "config_not_found" and "/nowhere/agentd.toml"
