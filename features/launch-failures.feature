Feature: A session that cannot be launched
  An accepted session leaves a trace whatever happens: a sealed record with the stage, and a sentence to act on.

  Background:
    Given an agent that runs:
      """
      echo 'never reached'
      """

  Scenario: The repository cannot be reached
    Given the profile says:
      """
      repo = "http://127.0.0.1:1/site.git"
      """
    When the operator runs `agentd run site-builder`
    Then the launch has failed at "clone", naming "http://127.0.0.1:1/site.git"

  Scenario: The image is not on this host and cannot be pulled
    Given the profile says:
      """
      base_image = "localhost:1/agentd-test/nowhere"
      """
    When the operator runs `agentd run site-builder`
    Then the launch has failed at "image", naming "localhost:1/agentd-test/nowhere"

  Scenario: The variable of a credential is not set
    Given the profile says:
      """
      credentials = [{ name = "TOKEN", source = "SITE_TOKEN" }]
      """
    When the operator runs `agentd run site-builder`
    Then the launch has failed at "credentials", naming "SITE_TOKEN"

  Scenario: The repository has no such branch
    When the operator runs `agentd run site-builder --ref no-such-branch`
    Then the launch has failed at "clone", naming "no-such-branch"

  Scenario: The repository has a .runa of its own
    Given the repository has the file ".runa/notes" with "mine"
    When the operator runs `agentd run site-builder`
    Then the launch has failed at "clone", naming ".runa"

  Scenario: The image has no shell
    Given the image "no-shell"
    When the operator runs `agentd run site-builder`
    Then the launch has failed at "start", naming "/bin/sh"
