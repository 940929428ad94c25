Feature: Webhooks
  A delivery of another service starts a session, once, with what it says as data.

  Scenario: A webhook of GitHub starts a session
    Given an agent that runs:
      """
      cat "$AGENTD_REQUEST_FILE"
      cat /agentd/input/event.json
      """
    And the profile says:
      """
      [[webhooks]]
      kind = "github"
      secret_source = "SITE_HOOK"
      events = ["issues.labeled"]
      match = { "label.name" = "agent" }
      work_unit = "issue-{issue.number}"
      request = "{issue.title}"
      """
    And agentd web runs, and has the secret "SITE_HOOK" for GitHub
    When somebody else delivers "issues" as "d0":
      """
      {"action": "labeled", "label": {"name": "agent"}, "issue": {"number": 41, "title": "Let me in."}}
      """
    Then the delivery is answered with 403
    And no session was recorded
    When GitHub delivers "issues" as "d0":
      """
      {"action": "labeled", "label": {"name": "bug"}, "issue": {"number": 41, "title": "Look at it."}}
      """
    Then the delivery is answered with 200
    And no session was recorded
    When GitHub delivers "issues" as "d1":
      """
      {"action": "labeled", "label": {"name": "agent"}, "issue": {"number": 42, "title": "Fix $(it)."}, "more": 1}
      """
    Then the delivery is answered with 202
    And the session is sealed
    And the record says:
      | trigger          | "webhook"        |
      | webhook_name     | "default"        |
      | webhook_delivery | "d1"             |
      | webhook_event    | "issues.labeled" |
      | work_unit        | "issue-42"       |
      | outcome          | "success"        |
    When GitHub delivers "issues" as "d1":
      """
      {"action": "labeled", "label": {"name": "agent"}, "issue": {"number": 42, "title": "Fix $(it)."}, "more": 1}
      """
    Then the delivery is answered with 202
    And both deliveries have the same session, and there is no other
    When GitHub delivers "issues" as "d1":
      """
      {"action": "labeled", "label": {"name": "agent"}, "issue": {"number": 42, "title": "Fix something else."}}
      """
    Then the delivery is answered with 409
    When the operator runs `agentd logs SESSION`
    Then its stdout mentions "Fix $(it)." and "labeled"
    When the operator runs `agentd show SESSION`
    Then its stdout mentions "webhook, issues.labeled" and "delivery d1"
    When the operator runs `agentd events --type 'webhook.*' --json`
    Then its stdout mentions all of:
      | its X-Hub-Signature-256 is not that of the secret and the body     |
      | "data":{"name":"default","delivery":"d1","event":"issues.labeled"} |
      | one with the same id came before, with another body                |

  Scenario: An operator tries a payload
    Given an agent that runs:
      """
      true
      """
    And the profile says:
      """
      [[webhooks]]
      kind = "gitlab"
      secret_source = "SITE_HOOK"
      events = ["issue.open"]
      work_unit = "issue-{object_attributes.iid}"
      """
    And the host has the file "HERE/open.json" with:
      """
      {"object_kind": "issue", "object_attributes": {"action": "open", "iid": 7}}
      """
    And the host has the file "HERE/close.json" with:
      """
      {"object_kind": "issue", "object_attributes": {"action": "close", "iid": 7}}
      """
    And a running daemon
    When the operator runs `agentd webhook test site-builder HERE/open.json`
    Then it exits with 0
    And its stdout mentions all of:
      | webhook default of profile site-builder, gitlab |
      | /hooks/site-builder/default                     |
      | SITE_HOOK is missing from                       |
      | issue-7                                         |
    When the operator runs `agentd webhook test site-builder HERE/close.json --json`
    Then it exits with 1
    And the JSON on its stdout says:
      | starts | false         |
      | event  | "issue.close" |
      | why    | "its event is issue.close, and the webhook is for issue.open" |
    When the operator runs `agentd webhook test site-builder HERE/nothing.json`
    Then it exits with 1
    And its stderr says "input_unreadable" and "HERE/nothing.json"
    When the operator runs `agentd config check`
    Then its stdout mentions "webhook default answers 503" and "SITE_HOOK is missing from"
