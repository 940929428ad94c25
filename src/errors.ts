/**
 * The registry of error codes and the one error class that carries them.
 *
 * A code is a contract: scripts match on it, `docs/errors.md` describes it. A retired code is never used again.
 */

/** What every code means, in the words of `docs/errors.md`. */
export const ERROR_CODES = {
  // What the operator typed or asked for.
  usage: "The command line is wrong.",
  output_failed: "The command's output cannot be written.",
  unknown_profile: "No profile of that name is configured.",
  unknown_webhook: "No profile has a webhook of that name.",
  unknown_schedule: "The profile has no such schedule, or several and none was named.",
  schedule_refused: "What was asked of the schedule cannot be done.",
  unknown_target: "No target of notifications of that name is configured.",
  unknown_session: "No session id contains those digits, and no profile of that name has a session.",
  ambiguous_session: "More than one session id contains those digits.",
  repository_required: "Neither the command line nor the profile names a repository.",
  repository_unexpected: "The profile has no clone as its workspace, so it takes no repository and no ref.",
  repository_invalid: "The repository URL has a form that agentd does not accept.",
  work_unit_invalid: "The work unit is not 1 to 200 printable characters.",
  ref_invalid: "The ref is not the name of a branch or tag, or a commit id.",
  request_invalid: "The request is empty, too large, or not plain text.",
  input_invalid: "A file for the session has a name or size that is not accepted.",
  input_unreadable: "A file for the session cannot be read.",
  env_invalid: "A variable for the session has a name or value that is not accepted.",
  artifact_invalid: "The artifact is not one that the profile's methodology accepts.",
  command_incomplete: "The command names a value that the run does not have.",
  exception_expired: "The profile needs an exception to hardening that does not hold any more.",
  upload_missing: "The daemon does not have the files of this run.",
  upload_refused: "The daemon takes no further files now.",
  // Configuration.
  config_not_found: "No configuration file exists where agentd looked.",
  config_unreadable: "The configuration file cannot be read.",
  config_syntax: "The configuration file is not valid TOML.",
  config_invalid: "The configuration breaks one or more rules; every problem is listed.",
  agent_invalid: "The definition of an agent breaks one or more rules; every problem is listed.",
  unknown_agent: "No agent of that name is defined.",
  // The host and the daemon.
  not_linux: "agentd runs on Linux only.",
  root_refused: "agentd is rootless and does not run as root.",
  runtime_directory_missing: "XDG_RUNTIME_DIR is not set or not usable.",
  daemon_running: "Another daemon is using this state directory.",
  daemon_not_running: "No daemon answers on the socket.",
  daemon_lost: "The connection to the daemon was lost and could not be restored.",
  daemon_stopping: "The daemon is shutting down and takes no new work.",
  socket_unusable: "The socket cannot be bound.",
  protocol_mismatch: "Client and daemon speak different versions of the protocol.",
  already_waiting: "The connection already waits for an answer of which it may wait for one.",
  protocol_error: "A message on the socket does not follow the protocol.",
  state_unusable: "The state directory cannot be used.",
  permissions_unsafe: "Other users can access agentd's files.",
  service_manager_missing: "No systemd service manager answers for this user.",
  service_failed: "systemd could not start, stop or change the service.",
  service_file_edited: "A unit file of the service was edited.",
  sessions_open: "Sessions are running or queued.",
  // Other hosts.
  context_invalid: "The name or address of another host has a form that agentd does not accept.",
  unknown_context: "No context of that name is known.",
  contexts_unusable: "The file with the contexts cannot be read or written.",
  host_unreachable: "The host cannot be reached.",
  host_lost: "The connection to the host was lost.",
  host_unsuitable: "The host has no agentd, or one of another version.",
  internal: "An internal error in agentd.",
  // agentd web.
  web_not_running: "No agentd web answers on its socket.",
  web_unusable: "agentd web cannot listen where it is told to.",
  token_unusable: "The token of the HTTP API cannot be read or made.",
  host_unknown: "The request is for a name that agentd web does not answer to.",
  origin_refused: "The request does not come from the console's own pages.",
  login_required: "The request has no login and no valid token.",
  login_refused: "The secret for a login is used, too old or wrong.",
  read_only: "agentd web is set up to show, not to change.",
  page_missing: "agentd web has nothing at that path.",
  body_too_large: "The body of the request is too large.",
  webhook_refused: "A delivery of a webhook is not signed with its secret, or lacks what a session needs.",
  webhook_conflict: "A delivery of a webhook came before with another body.",
  webhook_flood: "A webhook starts too many sessions.",
  webhook_unusable: "The secret of a webhook is missing from web.env, or cannot be used.",
  web_busy: "agentd web has too many requests at once.",
  web_command_failed: "A command that agentd web runs for a page has failed.",
  // The engine.
  engine_unavailable: "The Podman service does not answer.",
  engine_timeout: "The Podman service did not answer within the deadline.",
  engine_failed: "Podman refused or failed a request.",
  engine_unsuitable: "Podman on this host cannot run sessions as agentd needs them.",
  runtime_missing: "Podman finds no OCI runtime of that name.",
  container_missing: "The container no longer exists.",
  container_weaker: "The created container is less confined than requested.",
  image_missing: "The image is not on this host and cannot be pulled.",
  image_build_failed: "The image of an agent cannot be built.",
  disk_low: "A disk that sessions write to has too little free space.",
  // Placing sessions on other machines.
  placement_refused: "The engine that starts sessions on other machines refuses the job.",
  placement_unknown: "It is unknown what the engine that starts sessions on other machines did.",
  session_elsewhere: "The session runs on another machine, where this cannot be done to it.",
  placement_unreachable: "The daemon that placed the session cannot be reached from its node.",
  // Launching a session.
  redaction_unavailable: "The output cannot be shown without the values of credentials in it.",
  credential_unset: "The variable that a credential names is not set.",
  credential_invalid: "The value of a credential cannot be passed to the session.",
  credentials_unusable: "The credentials file cannot be read.",
  methodology_invalid: "The methodology directory is missing or has no manifest.toml.",
  mount_invalid: "A mount source is missing or not allowed.",
  file_invalid: "A file for the session's home cannot be read or written.",
  volume_failed: "A volume of the session cannot be made, emptied or copied.",
  directory_invalid: "The directory to copy into the session is missing, not allowed or too large.",
  clone_failed: "The repository could not be cloned.",
  ref_not_found: "The repository has no such branch, tag or commit.",
  token_needs_https: "A clone token is sent over https only.",
  repository_reserved: "The repository has an entry with a name that agentd reserves.",
  preparation_timeout: "Preparing the session exceeded the time limit.",
  gateway_unavailable: "The gateway does not answer.",
  network_failed: "The session's network cannot be opened.",
  launcher_failed: "The image's shell did not reach the command.",
  session_not_running: "The session's command does not run, or does not run any more.",
  session_not_kept: "Nothing of the session is kept, so it can be neither entered nor removed.",
  session_entered: "Somebody looks into the kept session.",
  pause_refused: "The session may not be paused, or not any longer.",
  pause_failed: "The processes of the session could not be stopped or continued.",
  teardown_failed: "A resource of a session could not be released; agentd tries again.",
  // The record.
  record_unusable: "The record cannot be written or read.",
  record_incomplete: "The record is not sealed.",
  record_altered: "The record was changed after it was sealed.",
  signing_key_unusable: "The signing key for records cannot be read or created.",
  chain_unusable: "The chain of statements cannot be read or continued.",
  export_failed: "The archive of a record cannot be written.",
  // The work that a session left.
  egress_missing: "The record has no connections of the session to show.",
  price_unknown: "No price is known for the language model.",
  work_missing: "The record has no work of the session to show or apply.",
  checkout_unusable: "The session's work cannot be brought into the current checkout.",
  copy_failed: "A file or directory of a record cannot be copied.",
  // Volumes.
  unknown_volume: "No volume of that name exists.",
  volume_in_use: "An open session has the volume, or will have it.",
  // Publishing it.
  publish_refused: "The session's work may not be published, or the server refuses it.",
  publish_failed: "The session's work could not be pushed.",
  request_failed: "The branch is published, but its pull or merge request could not be opened.",
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/** The parts of an error that the operator reads. */
export interface ErrorParts {
  /** What was tried and on what, as a phrase after "cannot": `clone https://…`. */
  readonly tried: string;
  /** Why it failed, without a full stop at the end. */
  readonly why: string;
  /** What to do next, as a sentence; undefined where nothing can be said. */
  readonly next?: string | undefined;
  /** Facts for programs; sent on the wire and logged, so never a secret. */
  readonly details?: Readonly<Record<string, unknown>> | undefined;
  readonly cause?: unknown;
}

/** An error with a code of the registry. Its message is `cannot <tried>: <why>`. */
export class AgentdError extends Error {
  override readonly name = "AgentdError";
  readonly code: ErrorCode;
  /** What was tried, as a phrase after "cannot". */
  readonly tried: string;
  readonly why: string;
  /** What to do next; undefined where nothing can be said. */
  readonly next: string | undefined;
  readonly details: Readonly<Record<string, unknown>> | undefined;

  constructor(code: ErrorCode, parts: ErrorParts) {
    super(`cannot ${parts.tried}: ${parts.why}`, { cause: parts.cause });
    this.code = code;
    this.tried = parts.tried;
    this.why = parts.why;
    this.next = parts.next;
    this.details = parts.details;
  }
}

/** The message of an error and what to do next, as one text for a record or a log. */
export function sentence(error: unknown): string {
  if (error instanceof AgentdError && error.next !== undefined) return `${error.message}. ${error.next}`;
  return error instanceof Error ? error.message : String(error);
}

/** Node's code of a system error, such as `ENOENT`; undefined for anything else. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
