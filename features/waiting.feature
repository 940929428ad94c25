Feature: Containers that wait
  After a session of a profile has begun, a container waits for the next one, which then starts sooner.

  Scenario: The next session takes the container that waits
    Given the daemon's configuration says:
      """
      warm = "auto"
      """
    And an agent that runs:
      """
      echo "$AGENTD_SESSION_ID $AGENTD_WORK_UNIT"
      """
    When the operator runs `agentd run site-builder --work-unit first`
    Then a container waits for the next session
    When the operator runs `agentd run site-builder --work-unit second`
    Then its stdout is:
      """
      SESSION second

      """
    And the session has taken the container that waited
    And nothing of the session is left behind

  Scenario: None waits where the operator wants none
    Given the daemon's configuration says:
      """
      warm = "off"
      """
    And an agent that runs:
      """
      true
      """
    When the operator runs `agentd run site-builder`
    And the operator runs `agentd run site-builder`
    Then the session has made its own container
