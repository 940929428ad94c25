Feature: What comes out of a session
  Whatever an agent did to its clone is in the record, however the session ended.

  Scenario: What an agent changed is a patch
    Given an agent that runs:
      """
      echo '# changed' >>agent.sh
      echo new >"new file"
      """
    And a running daemon
    When the operator runs `agentd run site-builder`
    Then it exits with 0
    And its stderr says "+2 -0 lines" and "see `agentd diff"
    When the operator runs `agentd diff SESSION`
    Then it exits with 0
    And its stdout mentions "+# changed" and "+++ b/new file"
    When the operator runs `agentd diff SESSION --name-only`
    Then its stdout mentions "agent.sh" and "new file"
    When the operator runs `agentd show SESSION`
    Then its stdout mentions "0 commits, 2 files changed" and "+2 -0 lines, 2 uncommitted"
    When the operator runs `agentd ps --all`
    Then its stdout mentions "CHANGES" and "+2 -0"
    And sha256sum accepts the record, and it covers every file

  Scenario: A session that failed keeps what it did, and the files that its profile names
    Given an agent that runs:
      """
      mkdir dist
      echo built >dist/app.js
      echo talked >~/talk.log
      exit 5
      """
    And the profile says:
      """
      artifacts = ["dist/**", "~/*.log"]
      """
    And a running daemon
    When the operator runs `agentd run site-builder`
    Then it exits with 5
    And the file "artifacts/dist/app.js" of the record holds:
      """
      built

      """
    And the file "artifacts/~/talk.log" of the record holds:
      """
      talked

      """
    When the operator runs `agentd cp SESSION:artifacts/dist/app.js -`
    Then its stdout is:
      """
      built

      """
    When the operator runs `agentd audit verify SESSION`
    Then it exits with 0

  Scenario: A session that changed nothing has nothing to show
    Given an agent that runs:
      """
      true
      """
    And a running daemon
    When the operator runs `agentd run site-builder`
    Then it exits with 0
    When the operator runs `agentd diff SESSION`
    Then it exits with 0
    And its stderr says "session" and "changed nothing"
