import type { TaskId } from '../../core/task-id.ts';

/**
 * What only the laptop knows, from its STATE_DIR: the vault itself can be written by whoever owns a device of
 * it, so nothing in it proves a claim or an effect.
 */
export interface Evidence {
  /** Is this note in `In_Progress/local-agent` there because of us: an approval, or a draft? */
  claim(id: TaskId, name: string, text: string): Promise<'approved' | 'drafting' | 'none'>;
  /** Does the journal say that the effect of this task happened? */
  isDone(id: TaskId): Promise<boolean>;
}
