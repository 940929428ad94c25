Feature: The console
  `agentd web` serves pages for browsers, and `agentd console` prints a link that logs one browser in. What the pages show
  is tried in a browser, on real sessions.

  Scenario: A link to the console
    Given agentd web runs
    When the operator runs `agentd console --no-open`
    Then it exits with 0
    And its stdout mentions "http://127.0.0.1:" and "#login="
    When the operator runs `agentd console --revoke`
    Then it exits with 0
    And its stdout mentions "0 logins" and "ended"

  Scenario: Where agentd web does not run, it can be asked not to start it
    When the operator runs `agentd console --no-start`
    Then it exits with 1
    And its stderr says "web_not_running" and "agentd web"
