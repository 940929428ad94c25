Feature: Publishing the work of sessions
  What an agent has done gets to a branch and a request by itself, and the agent never holds a key.

  Scenario: Every night the work becomes a branch and a request, and a night without work says so
    Given an agent that runs:
      """
      [ -e made.txt ] || echo made >made.txt
      """
    And its repository is on a server that takes pushes, beside a forge
    And the profile says:
      """
      schedule = "* * * * *"
      overlap = "skip"
      """
    And a running daemon
    When the schedule has fired
    And the session is sealed
    Then the server has the branch of the session, and the forge one open request for it
    When the operator runs `agentd show SESSION`
    Then its stdout mentions "published" and "https://forge.example/pulls/1"
    When the operator merges the branch of the session
    And the schedule has fired again
    And the second session is sealed
    Then the second session has published nothing, and the forge still has one request
    When the operator runs `agentd show --latest`
    Then its stdout mentions "nothing_published" and "no new commit and no change"
