Feature: Where an image comes from
  What is not on the host is pulled as the profile says, visibly, and the record names exactly what ran.

  Background:
    Given an agent that runs:
      """
      cat /colour
      """

  Scenario: An image that is not on this host is pulled, and kept
    Given a registry with the image "kept", whose file "colour" holds "green"
    When the operator runs `agentd run site-builder`
    Then its stdout is "green"
    And the record has the digest of version 1 of the image "kept"
    When the file "colour" of the image "kept" in the registry holds "red" from now on
    And the operator runs `agentd run site-builder`
    Then its stdout is "green"
    And the record has the digest of version 1 of the image "kept"

  Scenario: With pull = "always" each session gets what the registry has
    Given a registry with the image "renewed", whose file "colour" holds "green"
    And the profile says:
      """
      pull = "always"
      """
    When the operator runs `agentd run site-builder`
    Then its stdout is "green"
    And the record has the digest of version 1 of the image "renewed"
    When the file "colour" of the image "renewed" in the registry holds "red" from now on
    And the operator runs `agentd run site-builder`
    Then its stdout is "red"
    And the record has the digest of version 2 of the image "renewed"

  Scenario: With pull = "never" no registry is asked
    Given a registry with the image "unasked", whose file "colour" holds "green"
    And the profile says:
      """
      pull = "never"
      """
    When the operator runs `agentd run site-builder`
    Then the launch has failed at "image", naming "agentd-test/unasked"
    And the registry was not asked for the image "unasked"

  Scenario: While an image is pulled, the session says how far that is
    Given a registry with the image "slow", whose file "colour" holds "green"
    And the registry keeps its layers back
    When the operator starts `agentd run site-builder`
    Then the session is busy with "pulling IMAGE: Copying blob"
    When the registry sends its layers
    And it has ended
    Then its stdout is "green"

  Scenario: A session that is stopped does not wait for its image
    Given a registry with the image "stopped", whose file "colour" holds "green"
    And the registry keeps its layers back
    When the operator starts `agentd run site-builder`
    Then the session is busy with "pulling IMAGE"
    When the operator runs `agentd stop SESSION`
    And the session is sealed
    Then the record says:
      | outcome   | "cancelled" |
      | exit_code | null        |
    And nothing of the session is left behind
