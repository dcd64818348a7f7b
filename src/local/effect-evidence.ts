import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { TaskId } from '../core/task-id.ts';
import { openJournals } from '../journal/journals.ts';
import { MAIL_FORMAT } from '../mail/submission/sealed-mail.ts';
import { POST_FORMAT } from '../odoo/posting/sealed-post.ts';
import { isAlive, ownIdentity } from '../runtime/process-identity.ts';
import { ActiveEffects } from '../stages/active-effects.ts';
import { BounceRecords } from '../stages/bounce-records.ts';
import { DraftingMarks } from '../stages/drafting-marks.ts';
import type { FinishedTasks } from '../stages/finished-copies.ts';

/** What STATE_DIR says of a task, whatever the vault says. Reads only. */
export interface EffectEvidence extends FinishedTasks {
  /** Did the user approve the note of this task that lies in `In_Progress/local-agent`? */
  approvedHere(id: TaskId, name: string): Promise<boolean>;
}

export async function effectEvidence(stateDir: string, now: () => number): Promise<EffectEvidence> {
  const journal = await openJournals(
    { stateDir, self: ownIdentity(), isAlive, now },
    { mail: MAIL_FORMAT, odoo: POST_FORMAT },
  );
  const active = new ActiveEffects(stateDir);
  const marks = new DraftingMarks(stateDir);
  const bounces = new BounceRecords(stateDir, now);
  return {
    isDone: async (id) => {
      if (bounces.isHandled(id)) return true;
      // Most tasks have no journal yet, and asking costs one call.
      if (!(await exists(join(stateDir, 'journal', id)))) return false;
      return (await journal.view(id)).state.state === 'done';
    },
    approvedHere: async (id, name) => !(await marks.has(name)) && (await active.list()).includes(id),
  };
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
