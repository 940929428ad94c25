Feature: Looking for what a host lacks
  Every condition that a session needs is ok, a warning or a failure, and what is not ok comes with what fixes it.

  Scenario: On a host where sessions run there is no failure
    Given an agent that runs:
      """
      true
      """
    When the operator runs `agentd run site-builder`
    Then it exits with 0
    When the operator runs `agentd doctor --network`
    Then it exits with 0
    And the doctor finds:
      | ok | linux             | Linux                        |
      | ok | node              | Node.js                      |
      | ok | git               | git 2                        |
      | ok | tun_device        | /dev/net/tun                 |
      | ok | podman            | rootless                     |
      | ok | subordinate_ids   | subordinate user ids         |
      | ok | storage_driver    | overlay                      |
      | ok | conmon            | conmon                       |
      | ok | init_program      | catatonit                    |
      | ok | seccomp_profile   | that are always blocked      |
      | ok | processes         | sessions may have            |
      | ok | state_directory   | agentd                       |
      | ok | cache_directory   | agentd                       |
      | ok | audit_root        | audit                        |
      | ok | configuration     | with 1 profile               |
      | ok | daemon            | runs as process              |
      | ok | image             | is on this host              |
      | ok | repository        | answers                      |
    And its stdout ends with a line that counts 0 failures

  Scenario: It works without a daemon, and says that it tried no repository
    When the operator runs `agentd doctor` without a daemon
    Then it exits with 0
    And the doctor finds:
      | ok | daemon | no daemon is running |
    And its stdout mentions "profile site-builder" and "Repositories were not checked"

  Scenario: What a profile names and this host has not
    Given the profile says:
      """
      base_image = "localhost/agentd-test/nowhere"
      credentials = [{ name = "TOKEN", source = "SITE_TOKEN" }, { name = "KEY", source = "SITE_KEY" }]
      methodology_dir = "HERE/method"
      mounts = [{ source = "HERE/gone", target = "/gone" }, { source = "HERE/notes", target = "/notes" }]
      """
    And the host has the empty directory "HERE/method"
    And the host has the empty directory "HERE/notes"
    And the daemon's environment has "SITE_TOKEN" set to "squirrel-in-the-attic"
    And a running daemon
    When the operator runs `agentd doctor`
    Then it exits with 1
    And the doctor finds:
      | failure | image       | is not on this host          | podman build                       |
      | failure | credentials | running daemon: SITE_KEY     | SITE_KEY=                          |
      | failure | methodology | HERE/method                  | correct methodology_dir            |
      | failure | mount       | HERE/gone                    | correct source = "HERE/gone"       |
      | ok      | mount       | HERE/notes exists            |                                    |
    And its stdout does not mention "squirrel"

  Scenario: An image that is not pulled for a session has to be there
    Given the profile says:
      """
      base_image = "quay.invalid/agentd-test/nowhere"
      """
    When the operator runs `agentd doctor` without a daemon
    Then it exits with 0
    And the doctor finds:
      | warning | image | the first session pulls it | podman pull quay.invalid/agentd-test/nowhere |
    Given the profile says:
      """
      pull = "never"
      """
    When the operator runs `agentd doctor` without a daemon
    Then it exits with 1
    And the doctor finds:
      | failure | image | pull = "never" | podman pull quay.invalid/agentd-test/nowhere |

  Scenario: Only the profiles that are named are looked at
    Given another profile "gardener" that says:
      """
      base_image = "localhost/agentd-test/nowhere"
      """
    And a running daemon
    When the operator runs `agentd doctor site-builder`
    Then it exits with 0
    And its stdout does not mention "gardener"
    When the operator runs `agentd doctor gardener site-builder`
    Then it exits with 1
    And its stdout mentions "profile gardener" and "profile site-builder"
    When the operator runs `agentd doctor site-bilder`
    Then it exits with 1
    And its stderr says "unknown_profile" and "site-builder"

  Scenario: A repository that cannot be reached is found when the network is tried
    Given the profile says:
      """
      repo = "http://127.0.0.1:1/site.git"
      """
    When the operator runs `agentd doctor` without a daemon
    Then it exits with 0
    When the operator runs `agentd doctor --network` without a daemon
    Then it exits with 1
    And the doctor finds:
      | failure | repository | http://127.0.0.1:1/site.git: nothing answers | Check the host and port |

  Scenario: A login without a runtime directory
    When the operator runs `env -u XDG_RUNTIME_DIR agentd doctor` without a daemon
    Then it exits with 1
    And the doctor finds:
      | failure | runtime_directory | XDG_RUNTIME_DIR is not set | XDG_RUNTIME_DIR=/run/user/ |

  Scenario: Every problem of the configuration is a failure, and the host is looked at all the same
    Given the configuration file is:
      """
      [daemon]
      max_sessions = 0
      colour = "blue"
      """
    When the operator runs `agentd doctor`
    Then it exits with 1
    And the doctor finds:
      | failure | configuration | daemon.max_sessions: 0 | agentd.toml:2 |
      | failure | configuration | daemon.colour          | agentd.toml:3 |
      | ok      | podman        | rootless               |               |

  Scenario: Programs get JSON
    When the operator runs `agentd doctor --json` without a daemon
    Then it exits with 0
    And the JSON on its stdout says:
      | ok      | true  |
      | network | false |

  Scenario: A changed configuration that the daemon has not read
    Given a running daemon
    When the operator adds to the configuration file:
      """
      # The door is green now.
      """
    And the operator runs `agentd doctor`
    Then it exits with 0
    And the doctor finds:
      | warning | daemon | files have changed since       | agentd reload |

  Scenario: A launch that fails points to the doctor
    Given an agent that runs:
      """
      true
      """
    And the profile says:
      """
      mounts = [{ source = "HERE/gone", target = "/gone" }]
      """
    When the operator runs `agentd run site-builder`
    Then it exits with 125
    And its stderr says "launch_failed (mounts)" and "`agentd doctor site-builder`"

  Scenario: A daemon that this host keeps from starting points to the doctor
    When the operator runs `env -u XDG_RUNTIME_DIR agentd daemon` without a daemon
    Then it exits with 1
    And its stderr says "runtime_directory_missing" and "`agentd doctor`"

  Scenario: A wrong command line
    When the operator runs `agentd doctor --colour` without a daemon
    Then it exits with 2
