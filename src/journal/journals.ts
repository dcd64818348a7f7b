import type { Edge } from '../core/card-action.ts';
import { edgeOf } from '../core/card-action.ts';
import type { TaskId } from '../core/task-id.ts';
import { type EffectView, EffectJournal, type JournalOptions } from './journal.ts';
import type { JournalFormat, SealedCommon } from './journal-records.ts';

/** All effects of this machine, each read by the rules of its edge. */
export interface Journals {
  view(id: TaskId): Promise<EffectView<SealedCommon, { readonly at: string }>>;
}

export async function openJournals(
  options: JournalOptions,
  formats: Readonly<Record<Edge, JournalFormat<SealedCommon, { readonly at: string }>>>,
): Promise<Journals> {
  const journals = {
    mail: await EffectJournal.open(options, formats.mail),
    odoo: await EffectJournal.open(options, formats.odoo),
  };
  return { view: (id) => journals[edgeOf(id)].view(id) };
}
