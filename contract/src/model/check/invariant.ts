/** What is always true of a sound system, by number. `I`: of jobs and what they hold; `S`: of the rows that tell it. */
export const INVARIANTS = {
  I01: "Lines are numbered from 1 without gaps, and a job stands where its last line left it.",
  I02: "Each line begins in the state in which the line before it ended.",
  I03: "Every step is an edge of the lifecycle for the job's kind.",
  I05: "After a terminal state there is no other one, except by rearm and reanimate.",
  I06: "Each attempt's token is greater than all earlier ones, and a line with a token has the current one.",
  I07: "One attempt lives at a time, and each start counts one attempt more.",
  I09: "A job that is live runs on a node that is known, or its attempt lives elsewhere, and never both.",
  I10: "An attempt starts only on a node that has the code of the job's type.",
  I11: "No attempt starts before the job's start time.",
  I16: "A job goes on only when the attempt before was rolled back, or had nothing to roll back.",
  I20: "No two attempts that exclude each other hold one object.",
  I23: "Who holds an object is an attempt that lives, is about to start, or is rolled back.",
  I24: "Who runs, or is about to start, holds every object that it asked for.",
  I25: "Who waits for a lock stands in line for each of its objects, and only such jobs do.",
  I26: "Nobody waits for objects that are free.",
  I31: "Units are held by attempts that live, and by no job that waits.",
  I34: "Nothing starts on a node that has ended.",
  I36: "A group or run counts its members as they are, and its state follows from the counts.",
  I37: "A group or run settles once in each generation, when it is closed and all its members have ended.",
  I38: "A member of a group or run begins anew only after it failed: one that completed or was cancelled stays as it is.",
  I46: "Each instant of a timed action's rule is told once.",
  I47: "Each instant of a timed action's rule up to its mark is told: it fired, waits, or was passed over for a reason.",
  I48: "Nothing is told of a timed action's rule behind its mark, which only moves on.",
  I49: "One occurrence of a timed action is under way at a time, and none while its job waits for the next.",
  I50: "No occurrence fires before its instant, and one that fires late says why.",
  I52: "What a job journaled is undone or kept when it is over, or is about to be.",
  S01: "A job stands in exactly one place: with what waits and runs, with what has ended, or in one claim.",
  S02: "What a row refers to is there.",
  S03: "What is used of a pool is the sum of what is held of it.",
  S04: "A claim's books agree: how many members there are, how many have not ended, and what each of them holds.",
  S05: "What is copied from a job to its state is the same in both.",
  S06: "Every configuration that was replaced is kept.",
  S07: "No collection contains itself.",
} as const;
/** The number of something that is always true. */
export type Invariant = keyof typeof INVARIANTS;

/** Something that breaks an invariant. */
export interface Violation {
  readonly invariant: Invariant;
  /** The numbers of the lines of history that show it, as they are written there; empty where no line does. */
  readonly lines: readonly number[];
  readonly message: string;
}
