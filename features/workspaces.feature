Feature: Workspaces that are no clone
  A session works on a copy of a directory, or begins with nothing; the original is out of its reach.

  Scenario: A session gets a copy of a directory
    Given the profile says nothing about "repo"
    And the profile says:
      """
      workspace = "directory"
      directory = "HERE/handbook"
      ignore = ["node_modules", "*.log"]
      command = ["/bin/sh", "-c", "pwd; find . -type f | sort; cat chapter/one; echo two > chapter/one; chmod 0 chapter/one; rm door; echo new > new"]
      """
    And the host has the file "HERE/handbook/chapter/one" with "one"
    And the host has the file "HERE/handbook/door" with "green"
    And the host has the file "HERE/handbook/node_modules/x/y" with "much"
    And the host has the file "HERE/handbook/chapter/trace.log" with "long"
    When the operator runs `agentd run site-builder`
    Then it exits with 0
    And its stdout is:
      """
      /home/site-builder/repo
      ./chapter/one
      ./door
      one
      """
    And the file "HERE/handbook/chapter/one" of the host holds "one"
    And the file "HERE/handbook/door" of the host holds "green"
    And the record's session says:
      """
      { "repo_url": null, "commit": null, "workspace": "directory", "directory": "HERE/handbook" }
      """
    And nothing of the session is left behind

  Scenario: A session begins with an empty workspace
    Given the profile says nothing about "repo"
    And the profile says:
      """
      workspace = "empty"
      command = ["/bin/sh", "-c", "pwd; ls -A; touch mine && ls"]
      """
    When the operator runs `agentd run site-builder`
    Then it exits with 0
    And its stdout is:
      """
      /home/site-builder/repo
      .runa
      mine

      """
    And the record's session says:
      """
      { "repo_url": null, "commit": null, "workspace": "empty", "directory": null }
      """

  Scenario Outline: What cannot be copied fails the launch: <what>
    Given the profile says nothing about "repo"
    And the profile says:
      """
      workspace = "directory"
      directory = "HERE/<directory>"
      directory_limit = "4b"
      command = ["/bin/echo", "never reached"]
      """
    And the host has the file "HERE/file" with "a"
    And the host has the file "HERE/recorded/.runa/a" with "a"
    And the host has the file "HERE/large/a" with "12345"
    When the operator runs `agentd run site-builder`
    Then the launch has failed at "clone", naming "<why>"

    Examples:
      | what                     | directory | why                                                           |
      | there is none            | nowhere   | there is no such file or directory                            |
      | it is a file             | file      | it is not a directory                                         |
      | it has a record          | recorded  | it has an entry .runa, where agentd mounts the session's record |
      | it is larger than it may | large     | its files have more than the 4 bytes that directory_limit allows |

  Scenario: A run of such a profile names no repository
    Given the profile says nothing about "repo"
    And the profile says:
      """
      workspace = "empty"
      command = ["/bin/true"]
      """
    When the operator runs `agentd run site-builder REPOSITORY`
    Then it exits with 125
    And its stderr says "its workspace is empty, not a clone" and "[repository_unexpected]"
