Feature: A record that can be proved
  Evidence that a stranger can check offline, with tools of every distribution, and that shows what is missing.

  Scenario: A stranger proves a record with sha256sum and openssl
    Given an agent that runs:
      """
      echo 'the door is green' > .runa/report.txt
      """
    When the operator runs `agentd run site-builder --work-unit issue-42`
    And a stranger gets what `agentd audit export SESSION` writes
    Then the commands of its README accept the record
    And the signed statement says:
      | predicate.buildDefinition.externalParameters.profile            | "site-builder" |
      | predicate.buildDefinition.externalParameters.work_unit          | "issue-42"     |
      | predicate.buildDefinition.externalParameters.trigger            | "manual"       |
      | predicate.buildDefinition.resolvedDependencies.0.name           | "repository"   |
      | predicate.buildDefinition.resolvedDependencies.1.name           | "image"        |
      | predicate.runDetails.metadata.invocationId                      | "SESSION"      |
      | predicate.agentd_outcome                                        | "success"      |
    And the signed statement names the commit and the digests of image and configuration

  Scenario: The public key comes in the forms that programs want
    Given an agent that runs:
      """
      true
      """
    When the operator runs `agentd run site-builder`
    And the operator runs `sh -c "agentd audit key | openssl pkey -pubin -noout -text"`
    Then its stdout mentions "ED25519" and "pub:"
    When the operator runs `sh -c "agentd audit key --format ssh | ssh-keygen -lf -"`
    Then its stdout mentions "agentd" and "(ED25519)"
    When the operator runs `agentd audit key --format allowed-signers`
    Then its stdout mentions "agentd ssh-ed25519" and "AAAAC3NzaC1lZDI1NTE5"

  Scenario: A record that is gone is missed
    Given an agent that runs:
      """
      true
      """
    When the operator runs `agentd run site-builder`
    And the operator runs `agentd audit verify --all`
    Then it exits with 0
    And its stdout mentions "verified: " and "head sha256:"
    When somebody removes the whole record
    And the operator runs `agentd audit verify --all`
    Then it exits with 1
    And its stdout mentions "altered: session" and "the record is missing"

  Scenario: The key is replaced while the daemon runs
    Given an agent that runs:
      """
      true
      """
    When the operator runs `agentd run site-builder`
    And the operator runs `agentd audit key --rotate`
    Then it exits with 0
    When the operator runs `agentd run site-builder`
    And the operator runs `agentd audit verify SESSION`
    Then it exits with 0
    When the operator runs `agentd audit verify --all`
    Then it exits with 0

  Scenario: Old records go, and are still accounted for
    Given an agent that runs:
      """
      true
      """
    When the operator runs `agentd run site-builder`
    And the operator runs `agentd run site-builder`
    And the operator runs `agentd audit prune --keep 1`
    Then it exits with 0
    And its stderr says "would remove" and "nothing is removed without --yes"
    When the operator runs `agentd audit prune --keep 1 --older-than 1d --yes`
    Then its stderr says "removed 0 records" and "0 B"
    When the operator runs `agentd audit prune --keep 1 --yes`
    Then it exits with 0
    When the operator runs `agentd ps -a --json`
    Then there is one record left
    When the operator runs `agentd audit verify --all`
    Then it exits with 0
    And its stdout mentions "1 verified" and "pruned"
