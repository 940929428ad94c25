Feature: Other hosts
  From their own machine, an operator works on hosts that have a daemon each, by ssh.

  Scenario: A host has a name, and every command is for it
    Given an agent that runs:
      """
      echo '# changed' >>agent.sh
      echo done
      exit 5
      """
    And the operator is on another machine
    When the operator runs `agentd profiles`
    Then it exits with 1
    And its stderr says "daemon_not_running" and "agentd daemon"
    When the operator runs `agentd context add prod HOST`
    And the operator runs `agentd --context prod run site-builder --work-unit issue-7`
    Then it exits with 5
    And its stdout is:
      """
      done

      """
    When the operator runs `agentd context use prod`
    And the operator runs `agentd context ls`
    Then its stdout mentions "local", "this machine" and "prod"
    When the operator runs `agentd ps --all --json`
    Then the JSON on its stdout is a list with:
      | session_id | work_unit | outcome       |
      | "SESSION"  | "issue-7" | "work_failed" |
    When the operator runs `git clone --quiet REPOSITORY site`
    And the operator runs `env -C site agentd apply --worktree SESSION`
    Then it exits with 0
    And its stdout mentions "1 uncommitted file" and "git status"
    When the operator runs `git -C site diff`
    Then its stdout mentions "+# changed" and "agent.sh"
    When the operator runs `agentd context use local`
    And the operator runs `agentd context rm prod`
    And the operator runs `agentd --context prod ps`
    Then it exits with 1
    And its stderr says "there are local" and "unknown_context"

  Scenario: All hosts are asked, and one that is away is named
    Given an agent that runs:
      """
      echo done
      """
    And the operator is on another machine
    When the operator runs `agentd context add prod HOST`
    And the operator runs `agentd context add away ssh://127.0.0.1:1`
    And the operator runs `agentd --context prod run site-builder`
    Then it exits with 0
    When the operator runs `agentd ps -a --all-contexts`
    Then it exits with 1
    And its stdout mentions "CONTEXT", "prod" and "SHORT"
    And its stderr says "away did not answer" and "ssh does not reach"
