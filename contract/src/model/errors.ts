/** Every error that a caller can meet: code, what it means, what to do next. Codes are never reused. */
export const ERRORS = {
  action_disabled: { status: 409, next: "Enable the action first, or create the job for another one." },
  action_exists: { status: 409, next: "Choose another name, or change the existing action." },
  action_refused: {
    status: 422,
    next: "The action's run rule does not hold for this target; choose another target or change the rule.",
  },
  already_ended: { status: 409, next: "Nothing is to be done: the end was told before, and the first word counts." },
  amend_refused: {
    status: 409,
    next: "Wait until the attempt has ended; a configuration is changed only while no attempt lives.",
  },
  asset_exists: { status: 409, next: "Use the asset that is there, or change its file or its id first." },
  asset_in_use: { status: 409, next: "Wait until no job works on it, or cancel those that are to." },
  calendar_in_use: {
    status: 409,
    next: "Take it from the timed actions that are named first: callsheet timed change NAME --calendars none.",
  },
  collection_circle: { status: 409, next: "Take one of the collections out of the other first." },
  collection_exists: { status: 409, next: "Choose another name, or add to the collection that is there." },
  collection_in_use: { status: 409, next: "Wait until no job works on it, or cancel those that are to." },
  configuration_changed: { status: 409, next: "Read the job again, and amend what stands there now." },
  database_failed: {
    status: 500,
    next: "Look at the triggers, rights and settings of the database, and at the server's log; then call again.",
  },
  database_missing: {
    status: 500,
    next: "Set DATABASE_URL to a PostgreSQL 15 or newer, or install @callsheet/postgres.",
  },
  database_full: {
    status: 507,
    next: "Make room on the disk of the database, then call again: nothing of what was refused is stored.",
  },
  database_lost: {
    status: 503,
    next: "Check that the server is up; the call may be repeated with the same idempotency key.",
  },
  database_not_empty: {
    status: 409,
    next: "Import into a database without jobs, or say that what is there is to be replaced: all of it is deleted.",
  },
  database_refused: {
    status: 500,
    next: "Check address, user, password and database name of DATABASE_URL, and that the user may create a schema, or use the one there.",
  },
  database_unsupported: { status: 500, next: "Use PostgreSQL 15 or newer, UTF8 encoded." },
  empty_group: { status: 422, next: "Choose a group that has members; nothing was created." },
  export_unreadable: {
    status: 422,
    next: "Give the file that callsheet db export wrote, whole and unchanged; nothing of this one was kept.",
  },
  file_failed: {
    status: 500,
    next: "Look at the disk and at the rights of the file, then call again: nothing was kept.",
  },
  history_lost: {
    status: 500,
    next: "Look for jobs that ended just before it: they may run again. A synchronous standby prevents it.",
  },
  folder_unreadable: {
    status: 422,
    next: "Check the path of the folder and its permissions, then call again: what is in the catalogue already stays as it is.",
  },
  group_closed: {
    status: 409,
    next: "Create another group for these members; a closed or cancelled one takes none any more.",
  },
  group_not_found: {
    status: 404,
    next: "Check the id: it must be that of a group job, which callsheet groups list shows.",
  },
  group_not_offered: {
    status: 422,
    next: "Give the action the flag groupMember, for a job of each member, or group, for one job of the whole.",
  },
  group_too_large: { status: 422, next: "Create it outside your transaction: it is then stored in parts." },
  idempotency_conflict: { status: 409, next: "Use another key for another request, or read the job of the first one." },
  impossible_need: { status: 422, next: "Ask for less, or raise the capacity of the resource first." },
  invalid_argument: { status: 400, next: "Correct the field that is named and call again." },
  invalid_configuration: { status: 422, next: "Correct the configuration so that it fits the action type's schema." },
  job_not_found: { status: 404, next: "Check the id; the job may have been purged by the retention policy." },
  no_undo_action: {
    status: 409,
    next: "Name an undo action, or a redo action, in the job's action: jobs that are created afterwards have it.",
  },
  media_root_missing: {
    status: 422,
    next: "Name the directory among the media roots of this process: mediaRoots, --media, or CALLSHEET_MEDIA_ROOTS, as in main=/mnt/media.",
  },
  node_ended: { status: 409, next: "Start it again; what has ended runs nothing that could be drained." },
  node_name_in_use: { status: 409, next: "Stop the other node or choose another name." },
  nodes_running: { status: 409, next: "Stop the nodes of the database that is to be replaced, then import again." },
  not_a_group: {
    status: 422,
    next: "Choose a collection, or open Callsheet with a resolver that tells the members of objects of this type.",
  },
  not_cancellable: {
    status: 409,
    next: "Wait for the job to end. Its action says that a running job is never cancelled.",
  },
  not_paused: { status: 409, next: "Look at the list of what is paused; a name may be misspelt." },
  not_quarantined: { status: 409, next: "Look at the list of quarantined objects; a name may be misspelt." },
  payload_too_large: { status: 413, next: "Store large data in a file and pass its path." },
  pooler_unsupported: { status: 500, next: "Connect to PostgreSQL directly, or through a pooler in session mode." },
  publish_failed: {
    status: 500,
    next: "Look at the destination: free space, rights, what stands there. Then retry the job.",
  },
  publish_refused: {
    status: 422,
    next: "Publish plain files of the attempt's workspace, each to an absolute path of its own that is no directory or link.",
  },
  resource_in_use: {
    status: 409,
    next: "Stop it, and wait until no job holds units of it or waits for them; or cancel those that wait.",
  },
  rollback_unfinished: { status: 409, next: "Wait until the rollback has ended, or resolve it." },
  schema_newer: {
    status: 500,
    next: "Update Callsheet on this machine; the database was migrated by a newer version.",
  },
  schema_changed: { status: 500, next: "Restore the migration's text; an applied migration must never change." },
  secret_damaged: {
    status: 500,
    next: "Put the secret again: what is stored of it was changed, or belongs elsewhere.",
  },
  secret_key_exists: {
    status: 409,
    next: "Use the keys that are there, or add one with callsheet secrets init-key --add.",
  },
  secret_key_missing: {
    status: 500,
    next: "Make a key file with callsheet secrets init-key, or bring here the one that has the key, and name it by --secret-key-file or CALLSHEET_SECRET_KEY_FILE.",
  },
  secret_key_unusable: {
    status: 500,
    next: "Correct the key file: one key a line, readable by its owner only (chmod 600).",
  },
  secret_refused: {
    status: 422,
    next: "Use a secret that this action may use, or put the secret again with the action among them.",
  },
  stale_attempt: {
    status: 409,
    next: "Stop: another attempt has taken over, nothing of this one is accepted any more.",
  },
  stopped: { status: 503, next: "Open Callsheet again; this instance has been closed." },
  unknown_token: {
    status: 404,
    next: "Check the token; the job may have been purged by the retention policy.",
  },
  time_zones_differ: {
    status: 500,
    next: "Update Node.js, which brings the time zone data, on the nodes that have the older version.",
  },
  timed_action_busy: { status: 409, next: "Wait until its occurrence is over, then call again." },
  timed_action_exists: { status: 409, next: "Choose another name, or change the existing timed action." },
  timed_not_offered: {
    status: 422,
    next: "Give the action the flag timed, beside those that it has.",
  },
  unknown_action: { status: 404, next: "Create the action first, or check its name." },
  unknown_action_type: { status: 422, next: "Start a node that supports the type, or correct its name." },
  unknown_asset: { status: 404, next: "Look at the list of assets, or put the file in the catalogue." },
  unknown_collection: {
    status: 404,
    next: "Look at the list of collections; one is named by its id or its whole name.",
  },
  unknown_limit: { status: 404, next: "Look at the list of limits, or put one." },
  unknown_queue: { status: 404, next: "Look at the list of queues; one is made when it is first opened." },
  unknown_node: { status: 404, next: "Look at the list of nodes, with those that have ended; a name may be misspelt." },
  unknown_resource: { status: 404, next: "Put the resource first, or check its name and its place." },
  unknown_secret: {
    status: 404,
    next: "Put the secret, or correct the reference: secret:// and its name, and nothing else.",
  },
  unknown_calendar: {
    status: 404,
    next: "Check the name: callsheet timed calendars list shows them all.",
  },
  unknown_timed_action: { status: 404, next: "Look at the list of timed actions; a name may be misspelt." },
  unknown_retention: { status: 404, next: "Look at the list of rules; state and type are those it was put with." },
  unstorable_result: {
    status: 422,
    next: "Return plain JSON without NUL characters and lone surrogates, at most 1 MiB.",
  },
  wait_timeout: { status: 504, next: "Wait longer, or look why the job is not done yet; it goes on." },
  wrong_state: { status: 409, next: "Do one of the operations that are legal now." },
} as const satisfies Record<string, { readonly status: number; readonly next: string }>;

/** A code of the catalogue; stable, and never used for something else. */
export type ErrorCode = keyof typeof ERRORS;

/** A caller's mistake or a refused operation. Match on `code`, never on the message or the class. */
export class CallsheetError extends Error {
  readonly code: ErrorCode;
  /** What to do next, one sentence. */
  readonly next: string;
  /** Facts of this case: the job's id and state, the field, the operations that are legal now. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, details: Readonly<Record<string, unknown>>, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "CallsheetError";
    this.code = code;
    this.next = ERRORS[code].next;
    this.details = details;
  }
}

/** Makes the error of a code. `message` says what was wrong in one sentence. */
export function callsheetError(
  code: ErrorCode,
  message: string,
  details: Readonly<Record<string, unknown>> = {},
  cause?: unknown,
): CallsheetError {
  return new CallsheetError(code, message, details, cause);
}

/** Whether this is a `CallsheetError`, of any copy of this package. */
export function isCallsheetError(error: unknown): error is CallsheetError {
  return error instanceof Error && error.name === "CallsheetError" && "code" in error && "next" in error;
}
