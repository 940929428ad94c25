Feature: The daemon as a service
  One command makes the daemon a service of its user's own service manager. What it does on a host that systemd has booted
  is tried on such a host, by `npm run test:host`.

  Scenario: Where no service manager answers, it says what to do instead
    When the operator runs `agentd service install` without a daemon
    Then it exits with 1
    And its stderr says "service_manager_missing" and "as this user"
    When the operator runs `agentd service uninstall` without a daemon
    Then it exits with 1
    And its stderr says "service_manager_missing" and "cannot uninstall the service"
    When the operator runs `agentd service status --json` without a daemon
    Then it exits with 1
    And its stderr says "service_manager_missing" and "cannot show the service"
