/** How far a job is with undoing what its attempts did. */
export const ROLLBACK_STATES = ["none", "required", "running", "done", "failed"] as const;
/** The rollback of a job, beside its state. */
export type RollbackState = (typeof ROLLBACK_STATES)[number];

/** Rollbacks that have to come to an end, by themselves or by an operator, before the job may go on. */
export const UNFINISHED_ROLLBACKS = ["required", "running", "failed"] as const satisfies readonly RollbackState[];
