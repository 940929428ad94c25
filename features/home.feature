Feature: The home of a session
  The home is ready for work: git knows who commits, and the profile's own files are there.

  Scenario: A commit needs no setting up
    Given the image "debian-git"
    And an agent that runs:
      """
      git commit --quiet --allow-empty --message 'Paint the door'
      git log -1 --format='%an, %cn'
      git log -1 --format='%ae' | grep -c '^site-builder@.*\.agentd\.invalid$'
      """
    When the operator runs `agentd run site-builder`
    Then it exits with 0
    And its stdout is:
      """
      site-builder, site-builder
      1

      """

  Scenario: The profile says who commits
    Given the image "debian-git"
    And the profile says:
      """
      git = { name = "Ada \"Paint\" Byron", email = "painter@example.com" }
      """
    And an agent that runs:
      """
      git commit --quiet --allow-empty --message 'Paint the door'
      git log -1 --format='%an <%ae> %cn <%ce>'
      """
    When the operator runs `agentd run site-builder`
    Then it exits with 0
    And its stdout is:
      """
      Ada "Paint" Byron <painter@example.com> Ada "Paint" Byron <painter@example.com>

      """

  Scenario Outline: Anything else overrides the identity: <what>
    Given the image "debian-git"
    And the profile says:
      """
      <keys>
      """
    And the host has the file "HERE/gitconfig" with:
      """
      [user]
        name = Other
        email = other@example.com
      """
    And an agent that runs:
      """
      <before>
      git commit --quiet --allow-empty --message 'Paint the door'
      git log -1 --format='%an <%ae>'
      """
    When the operator runs `agentd run site-builder`
    Then it exits with 0
    And its stdout is:
      """
      Other <other@example.com>

      """

    Examples:
      | what                | keys                                                                      | before                                                                     |
      | the system's file   | mounts = [{ source = "HERE/gitconfig", target = "/etc/gitconfig" }]       |                                                                            |
      | a file in the home  | files = [{ target = "~/.gitconfig", source = "HERE/gitconfig" }]          |                                                                            |
      | another one         | files = [{ target = "~/.config/git/config", source = "HERE/gitconfig" }]  |                                                                            |
      | the environment     | env = { GIT_AUTHOR_NAME = "Other", GIT_AUTHOR_EMAIL = "other@example.com" } |                                                                            |
      | the repository      |                                                                           | git config user.name Other; git config user.email other@example.com        |
      | a setting by hand   |                                                                           | git config --global user.name Other; git config --global user.email other@example.com |

  Scenario Outline: The profile's files are in the home, and the session's own: <image>
    Given the image "<image>"
    And the profile says:
      """
      files = [
        { target = "~/.codex/config.toml", content = "model = \"large\"\n" },
        { target = "~/from-the-image", source = "HERE/notes" },
      ]
      """
    And the host has the file "HERE/notes" with "from the host"
    And an agent that runs:
      """
      cat ~/.codex/config.toml ~/from-the-image && echo
      stat -c '%a %U %n' ~/.codex ~/.codex/config.toml ~/.gitconfig
      echo 'model = "small"' > ~/.codex/config.toml && cat ~/.codex/config.toml
      mv ~/.codex ~/other && rm -r ~/other ~/from-the-image ~/.gitconfig && ls -A ~
      """
    When the operator runs `agentd run site-builder`
    Then its stdout is:
      """
      model = "large"
      from the host
      700 site-builder /home/site-builder/.codex
      600 site-builder /home/site-builder/.codex/config.toml
      600 site-builder /home/site-builder/.gitconfig
      model = "small"
      repo

      """
    And the file "HERE/notes" of the host holds "from the host"
    And nothing of the session is left behind

    Examples:
      | image   |
      | busybox |
      | home    |

  Scenario: A directory of the host is copied into the home, and the record has its digest
    Given the profile says:
      """
      files = [{ target = "~/.tool/rules", source = "HERE/rules" }]
      """
    And the host has the file "HERE/rules/all.md" with "be brief"
    And the host has the file "HERE/rules/more/some.md" with "be kind"
    And an agent that runs:
      """
      cd ~/.tool/rules && cat all.md more/some.md && stat -c ' %a %U' more/some.md
      """
    When the operator runs `agentd run site-builder`
    Then its stdout is:
      """
      be briefbe kind 600 site-builder

      """
    And the record says:
      | home_files | [{ "target": "~/.tool/rules", "sha256": "3834143891fe55aa094b44e0d1fcd456de127087b2811e09d4ff1392246f0ad9", "repo_url": null, "commit": null }] |

  Scenario: A link that the image has in the way is not followed
    Given the image "linked-home"
    And the profile says:
      """
      files = [{ target = "~/.config/tool", content = "1" }]
      """
    And an agent that runs:
      """
      echo 'never reached'
      """
    When the operator runs `agentd run site-builder`
    Then the launch has failed at "start", naming "cannot write ~/.config/tool in the session's home: a symbolic link is on the way to it"
    And nothing of the session is left behind

  Scenario: A configuration of git that the image links is left as it is
    Given the image "linked-home"
    And an agent that runs:
      """
      readlink ~/.gitconfig
      cat ~/.gitconfig 2>/dev/null || echo 'dangling'
      """
    When the operator runs `agentd run site-builder`
    Then its stdout is:
      """
      /etc/nowhere
      dangling

      """

  Scenario: A file of the host that is gone
    Given the profile says:
      """
      files = [{ target = "~/notes", source = "HERE/nowhere" }]
      """
    And an agent that runs:
      """
      echo 'never reached'
      """
    When the operator runs `agentd run site-builder`
    Then the launch has failed at "mounts", naming "there is no such file or directory"
