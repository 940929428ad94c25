Feature: What a session is given
  An operator says what a session should do: on the command line, or in the profile for sessions that run by themselves.

  Scenario: A request on the command line reaches the agent and stays in the record
    Given an agent that runs:
      """
      printf %s "$AGENTD_REQUEST"
      cat "$AGENTD_REQUEST_FILE"
      """
    And a running daemon
    When the operator runs `agentd run site-builder --request "Fix the typo in README"`
    Then it exits with 0
    And its stdout mentions "Fix the typo in README" and "READMEFix"
    And the record says:
      | request_bytes | 22        |
      | outcome       | "success" |
    And the file "agentd/input/request.txt" of the record holds:
      """
      Fix the typo in README
      """
    And sha256sum accepts the record, and it covers every file
    When the operator runs `agentd show SESSION`
    Then its stdout mentions "request" and "Fix the typo in README (22 B)"
    When the operator runs `agentd rerun site-builder`
    Then it exits with 0
    And its stdout mentions "Fix the typo in README" and "READMEFix"

  Scenario: A scheduled run gets the request of its profile, as an argument of the command
    Given an agent that runs:
      """
      printf '%s|' "$@"
      """
    And the profile says:
      """
      schedule = "* * * * *"
      request = "Say \"$(id)\" & 'more' 🙂"
      command = ["/bin/sh", "agent.sh", "$AGENTD_REQUEST", "$HOME"]
      """
    And a running daemon
    When the schedule has fired
    And the session is sealed
    Then the record says:
      | trigger | "schedule" |
      | outcome | "success"  |
    When the operator runs `agentd logs SESSION`
    Then its stdout mentions '"$(id)" &' and "'more' 🙂|$HOME|"

  Scenario: A command that needs a request is refused without one
    Given an agent that runs:
      """
      true
      """
    And the profile says:
      """
      command = ["/bin/sh", "agent.sh", "$AGENTD_REQUEST"]
      """
    And a running daemon
    When the operator runs `agentd run site-builder`
    Then it exits with 125
    And its stderr says "command_incomplete" and "--request"
    And no session was recorded
