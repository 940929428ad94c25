Feature: Files of the host in a session
  The operator hands single directories and files to a session, and its methodology; nothing else of the host is there.

  Scenario: What is mounted read-only can be read, and not be changed
    Given the profile says:
      """
      mounts = [{ source = "HERE/notes", target = "/notes", read_only = true }]
      """
    And the host has the file "HERE/notes/door" with "green"
    And an agent that runs:
      """
      cat /notes/door
      echo red 2>&- > /notes/door || echo ' stays'
      touch /notes/new 2>&- || echo 'nothing new'
      rm -f /notes/door 2>&- || echo 'nothing removed'
      chmod 777 /notes 2>&- || echo 'as it was'
      """
    When the operator runs `agentd run site-builder`
    Then its stdout is:
      """
      green stays
      nothing new
      nothing removed
      as it was

      """
    And the file "HERE/notes/door" of the host holds "green"

  Scenario: What the agent writes on a mount is the operator's own file
    Given the profile says:
      """
      mounts = [{ source = "HERE/out", target = "/out" }]
      """
    And the host has the empty directory "HERE/out"
    And an agent that runs:
      """
      mkdir /out/deep && echo 'the door is green' > /out/deep/report
      """
    When the operator runs `agentd run site-builder`
    Then it exits with 0
    And the file "HERE/out/deep/report" of the host holds:
      """
      the door is green

      """
    And "HERE/out/deep/report" and its directory belong to the daemon's user

  Scenario: A single file can be mounted
    Given the profile says:
      """
      mounts = [{ source = "HERE/colour", target = "/etc/colour" }]
      """
    And the host has the file "HERE/colour" with "green"
    And an agent that runs:
      """
      cat /etc/colour
      printf red > /etc/colour
      """
    When the operator runs `agentd run site-builder`
    Then its stdout is "green"
    And the file "HERE/colour" of the host holds "red"

  Scenario: A target below the home leaves the rest of the home to the session's user
    Given the profile says:
      """
      mounts = [
        { source = "HERE/colour", target = "/home/site-builder/.config/painter/colour", read_only = true },
        { source = "HERE/cache", target = "/home/site-builder/.cache" },
      ]
      """
    And the host has the file "HERE/colour" with "green"
    And the host has the empty directory "HERE/cache"
    And an agent that runs:
      """
      cat ~/.config/painter/colour
      echo ' and more' > ~/.config/painter/more && cat ~/.config/painter/more
      mkdir ~/.config/plumber && echo 'a neighbour'
      echo kept > ~/.cache/kept
      """
    When the operator runs `agentd run site-builder`
    Then its stdout is:
      """
      green and more
      a neighbour

      """
    And it exits with 0
    And the file "HERE/cache/kept" of the host holds:
      """
      kept

      """
    And nothing of the session is left behind

  Scenario: A target below a home that the image brings
    Given the image "home"
    And the profile says:
      """
      mounts = [{ source = "HERE/colour", target = "/home/site-builder/.config/colour", read_only = true }]
      """
    And the host has the file "HERE/colour" with "green"
    And an agent that runs:
      """
      cat ~/.config/colour ~/from-the-image
      echo mine > ~/mine && cat ~/mine
      """
    When the operator runs `agentd run site-builder`
    Then its stdout is:
      """
      greenbrought
      mine

      """
    And nothing of the session is left behind

  Scenario Outline: Any name will do: <name>
    Given the profile says:
      """
      mounts = [{ source = "HERE/<name>", target = "<target>" }]
      """
    And the host has the file "HERE/<name>/colour" with "green"
    And an agent that runs:
      """
      cat '<target>/colour'
      """
    When the operator runs `agentd run site-builder`
    Then its stdout is "green"

    Examples:
      | name                | target           |
      | two words           | /data/two words  |
      | a,b=c:ro            | /data/a=b:ro     |
      | grün $HOME          | /data/grün $HOME |

  Scenario: The methodology is at its place, and is only read
    Given the profile says:
      """
      methodology_dir = "HERE/method"
      """
    And the host has the file "HERE/method/manifest.toml" with "name = 'paint'"
    And the host has the file "HERE/method/steps/first.md" with "Sand the door."
    And an agent that runs:
      """
      cat /agentd/methodology/manifest.toml /agentd/methodology/steps/first.md
      touch /agentd/methodology/mine 2>&- || echo ' Nothing new.'
      """
    When the operator runs `agentd run site-builder`
    Then its stdout is:
      """
      name = 'paint'Sand the door. Nothing new.

      """

  Scenario: Without a methodology there is no such directory
    Given an agent that runs:
      """
      ls /agentd
      """
    When the operator runs `agentd run site-builder`
    Then its stdout is:
      """
      gate

      """
