Feature: Sessions on the machines of a cluster
  One daemon keeps the queue and the records, and Slurm starts sessions on its nodes.

  Scenario: A session runs on a node, and its record is verified here
    Given a Slurm cluster with the nodes "n1" and "n2"
    And the profile says:
      """
      placement = "slurm"
      """
    And an agent that runs:
      """
      echo '# changed' >>agent.sh
      echo done
      exit 5
      """
    When the operator runs `agentd run site-builder --work-unit issue-7`
    Then it exits with 5
    And its stdout is:
      """
      done

      """
    When the operator runs `agentd nodes`
    Then its stdout mentions "n1", "n2" and "work_failed"
    When the operator runs `agentd diff SESSION`
    Then its stdout mentions "+# changed" and "agent.sh"
    When the operator runs `agentd audit verify SESSION`
    Then it exits with 0
