import type { TaskNote } from '../core/task-file.ts';

export type Revised =
  | {
      readonly ok: true;
      /** The note with a changed request, its Feedback still there. */
      readonly note: TaskNote;
      /** What was changed and by whom, one sentence each. */
      readonly remarks: readonly string[];
    }
  /** In a few words, for the card. */
  | { readonly ok: false; readonly why: string };

/** Turns what the user wrote under Feedback into a changed table or changed properties. */
export interface RequestReviser {
  revise(note: TaskNote, feedback: string, signal: AbortSignal): Promise<Revised>;
}
