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

  Scenario: The server does not show the repository
    When the operator runs `agentd run site-builder REPOSITORY/nowhere.git`
    Then the launch has failed at "clone", naming "the server reports no such repository (HTTP 404 Not Found); git says:"

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
    And its stderr does not say "doctor"

  Scenario: The repository has a .runa of its own
    Given the repository has the file ".runa/notes" with "mine"
    When the operator runs `agentd run site-builder`
    Then the launch has failed at "clone", naming ".runa"

  Scenario: The image has no shell
    Given the image "no-shell"
    When the operator runs `agentd run site-builder`
    Then the launch has failed at "start", naming "/bin/sh"

  Scenario: The source of a mount does not exist
    Given the profile says:
      """
      mounts = [{ source = "HERE/nowhere", target = "/notes" }]
      """
    When the operator runs `agentd run site-builder`
    Then the launch has failed at "mounts", naming "HERE/nowhere"

  Scenario: The source of a mount is a link to the home directory
    Given the profile says:
      """
      mounts = [{ source = "HERE/innocent", target = "/notes" }]
      """
    And "HERE/innocent" is a link to the daemon's home
    When the operator runs `agentd run site-builder`
    Then the launch has failed at "mounts", naming "it is the home directory, which is never mounted into a session"

  Scenario: The methodology has no manifest
    Given the profile says:
      """
      methodology_dir = "HERE/method"
      """
    And the host has the file "HERE/method/steps.md" with "Sand the door."
    When the operator runs `agentd run site-builder`
    Then the launch has failed at "methodology", naming "HERE/method: it has no manifest.toml"

  Scenario: The methodology does not exist
    Given the profile says:
      """
      methodology_dir = "HERE/nowhere"
      """
    When the operator runs `agentd run site-builder`
    Then the launch has failed at "methodology", naming "HERE/nowhere"

  Scenario: The image is not on this host and is not to be pulled
    Given the profile says:
      """
      base_image = "registry.example/agentd-test/nowhere"
      pull = "never"
      """
    When the operator runs `agentd run site-builder`
    Then the launch has failed at "image", naming "registry.example/agentd-test/nowhere"

  Scenario: The variable of the token for the repository is not set
    Given the profile says:
      """
      repo = "https://127.0.0.1:1/site.git"
      repo_token_source = "SITE_REPO_TOKEN"
      """
    When the operator runs `agentd run site-builder`
    Then the launch has failed at "credentials", naming "SITE_REPO_TOKEN"

  Scenario: With --json, the failure is the object on stdout
    Given the profile says:
      """
      methodology_dir = "HERE/nowhere"
      """
    When the operator runs `agentd run site-builder --json`
    Then it exits with 125
    And the record says:
      | outcome   | "launch_failed" |
      | stage     | "methodology"   |
      | exit_code | null            |
      | signal    | null            |
    And the JSON on its stdout agrees with the record
