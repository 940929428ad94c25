Feature: Hardening
  A session cannot write to its image, and has no rights that its profile does not name with a reason.

  Scenario: The image cannot be written, and the directories for temporary files are in memory
    Given an agent that runs:
      """
      echo 'it was here' > /tmp/note && cat /tmp/note
      echo 'here too' > /var/tmp/note && cat /var/tmp/note
      grep -c '^tmpfs /tmp ' /proc/mounts
      awk '$2 == "/" { print substr($4, 1, 2) }' /proc/mounts
      """
    When the operator runs `agentd run site-builder`
    Then its stdout is:
      """
      it was here
      here too
      1
      ro

      """
    And the record says:
      | exceptions | [] |

  Scenario: A profile that weakens a rule needs its reason
    Given the configuration file is:
      """
      [[profiles]]
      name = "site-builder"
      base_image = "localhost/site-builder"
      command = ["site-builder", "exec"]
      devices = ["/dev/net/tun"]
      """
    When the operator runs `agentd config check`
    Then it exits with 1
    And its stderr says "E004 device" and "agentd config check --explain E004"
    When the operator runs `agentd config check --explain E004`
    Then it exits with 0
    And its stdout mentions "the session uses devices of the host" and "[[profiles.exceptions]]"

  Scenario: What was weakened is in the record, with the reason
    Given the profile says:
      """
      devices = ["/dev/net/tun"]
      exceptions = [{ allow = "device", reason = "the tests make a tunnel", until = "2099-12-31" }]
      """
    And an agent that runs:
      """
      ls /dev/net/tun
      """
    When the operator runs `agentd run site-builder`
    Then its stdout is:
      """
      /dev/net/tun

      """
    And the record says:
      | exceptions | [{"rule":"E004","name":"device","what":["/dev/net/tun"],"reason":"the tests make a tunnel","until":"2099-12-31"}] |
    When the operator runs `agentd audit ls --exceptions`
    Then its stdout mentions "E004 device" and "success"
    When the operator runs `agentd show site-builder`
    Then its stdout mentions "weakened" and "the tests make a tunnel"

  Scenario: After its last day, an exception lets no session begin
    Given the profile says:
      """
      cap_add = ["NET_RAW"]
      exceptions = [{ allow = "E003", reason = "pings", until = "2020-01-01" }]
      """
    When the operator runs `agentd run site-builder`
    Then it exits with 125
    And its stderr says "exception_expired" and "E003 capability has held until 2020-01-01"

  Scenario: A runtime that this host does not have fails the session, and says what to do
    Given the profile says:
      """
      runtime = "krun"
      exceptions = [{ allow = "E007", reason = "strangers write the requests" }]
      """
    And an agent that runs:
      """
      echo never
      """
    When the operator runs `agentd run site-builder --json`
    Then it exits with 125
    And the record says:
      | outcome | "launch_failed" |
      | stage   | "create"        |
    And its stderr says "cannot use the OCI runtime krun" and "containers.conf"
    When the operator runs `agentd doctor site-builder`
    Then it exits with 1
    And its stdout mentions "runtimes" and "install krun"
