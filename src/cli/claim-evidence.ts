import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { openJournals } from '../journal/journals.ts';
import { MAIL_FORMAT } from '../mail/submission/sealed-mail.ts';
import { POST_FORMAT } from '../odoo/posting/sealed-post.ts';
import { isAlive, ownIdentity } from '../runtime/process-identity.ts';
import { ActiveEffects } from '../stages/active-effects.ts';
import { BounceRecords } from '../stages/bounce-records.ts';
import { DraftingMarks } from '../stages/drafting-marks.ts';
import type { Evidence } from '../vault/check/evidence.ts';

/** Each is there as soon as one of the laptop's processes worked with this STATE_DIR, and on no other machine. */
const TRACES = [
  'audit/approval-handler.head.json',
  'audit/orchestrator.head.json',
  'approval-handler.lock',
  'orchestrator.lock',
  'active',
] as const;

/** What this STATE_DIR knows of claims and effects; null when it is not the laptop's. Writes nothing. */
export async function claimEvidence(stateDir: string, now: () => number): Promise<Evidence | null> {
  const traces = await Promise.all(TRACES.map((trace) => exists(join(stateDir, trace))));
  if (!traces.includes(true)) return null;
  const marks = new DraftingMarks(stateDir);
  const active = new ActiveEffects(stateDir);
  const bounces = new BounceRecords(stateDir, now);
  // Opening a journal makes its folder, and a check changes nothing.
  const journal = (await exists(join(stateDir, 'journal')))
    ? await openJournals(
        { stateDir, self: ownIdentity(), isAlive, now },
        { mail: MAIL_FORMAT, odoo: POST_FORMAT },
      )
    : null;
  return {
    claim: async (id, name, text) => {
      if (await active.claimed(id, text)) return 'approved';
      // Sealed: the note was stamped since, and what leaves is in the journal whatever the note says.
      const sealed = (await journal?.view(id))?.sealed ?? null;
      if (sealed !== null && (await active.list()).includes(id)) return 'approved';
      return (await marks.has(name)) ? 'drafting' : 'none';
    },
    isDone: async (id) => bounces.isHandled(id) || (await journal?.view(id))?.state.state === 'done',
  };
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
