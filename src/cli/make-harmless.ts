/**
 * A restored vault and its journal know nothing of what was sent after the backup. So nothing that was approved then may
 * leave by itself: every card goes back to the user with words that say so, and every seal is taken back.
 */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { withVerdict } from '../core/body.ts';
import { edgeOf } from '../core/card-action.ts';
import { idInName, isTaskId, type TaskId } from '../core/task-id.ts';
import { num, parseNote, renderNote, type TaskNote, text, withData } from '../core/task-file.ts';
import { errno } from '../files/errno.ts';
import { openPostJournal, type PostJournal } from '../odoo/posting/sealed-post.ts';
import { type MailJournal, openMailJournal } from '../mail/submission/sealed-mail.ts';
import { ownIdentity } from '../runtime/process-identity.ts';
import { DraftingMarks } from '../stages/drafting-marks.ts';
import { Offers } from '../stages/offers.ts';
import { type NoteRef, Vault } from '../vault/vault.ts';

export interface HarmlessDeps {
  readonly vaultDir: string;
  readonly stateDir: string;
  /** RFC 3339, UTC. */
  readonly takenAt: string;
  /** Milliseconds. */
  readonly now: () => number;
}

export interface Harmless {
  /** Cards that were approved when the backup was taken. */
  readonly taken: number;
  /** Cards that waited for the user. */
  readonly waiting: number;
  /** Seals that were taken back. */
  readonly withdrawn: number;
}

const MINE = 'In_Progress/local-agent';
const PENDING = ['Pending_Approval/email', 'Pending_Approval/odoo'] as const;
/** Of a run that is over, or made anew from what lies in the vault. */
const OF_A_RUN = ['active', 'drafting', 'open-tasks'];

export async function makeHarmless(deps: HarmlessDeps): Promise<Harmless> {
  const vault = await Vault.open(deps.vaultDir);
  const withdrawn = await withdrawSeals(deps);
  let waiting = 0;
  for (const folder of PENDING) {
    for (const name of await vault.list(folder))
      if (await tell(deps, vault, { folder, name }, false)) waiting++;
  }
  let taken = 0;
  for (const name of await vault.list('Approved')) {
    await giveBack(deps, vault, { folder: 'Approved', name });
    taken++;
  }
  for (const name of await vault.list(MINE))
    if (await settleMine(deps, vault, { folder: MINE, name })) taken++;
  // Last: until here it says which notes nobody approved.
  for (const name of OF_A_RUN) await rm(join(deps.stateDir, name), { recursive: true, force: true });
  return { taken, waiting, withdrawn };
}

/** @returns whether it was a card that the user had approved */
async function settleMine(deps: HarmlessDeps, vault: Vault, ref: NoteRef): Promise<boolean> {
  const note = await readNote(vault, ref);
  const id = note === null ? undefined : text(note, 'id');
  const drafting = await new DraftingMarks(deps.stateDir).has(ref.name);
  if (note !== null && (drafting || text(note, 'kind') === 'email_bounce')) {
    await vault.moveToFreeName(
      ref,
      id !== undefined && edgeOf(id) === 'odoo' ? 'Needs_Action/odoo' : 'Needs_Action/email',
    );
    return false;
  }
  // It was carried out before the backup: the handler only has to write that down.
  if (isTaskId(id) && (await isDone(deps, id))) return false;
  await giveBack(deps, vault, ref);
  return true;
}

async function giveBack(deps: HarmlessDeps, vault: Vault, ref: NoteRef): Promise<void> {
  await tell(deps, vault, ref, true);
  const odoo = edgeOf(idInName(ref.name) ?? '') === 'odoo';
  await vault.moveToFreeName(ref, odoo ? 'Pending_Approval/odoo' : 'Pending_Approval/email');
}

/** Says on the card what is not known. Of a note that cannot be read nothing can be sent either. */
async function tell(deps: HarmlessDeps, vault: Vault, ref: NoteRef, approved: boolean): Promise<boolean> {
  const note = await readNote(vault, ref);
  const id = note === null ? undefined : text(note, 'id');
  if (note === null || !isTaskId(id)) return false;
  const told = withData(
    { data: note.data, body: withVerdict(note.body, verdict(id, deps.takenAt, approved)) },
    {
      rev: (num(note, 'rev') ?? 0) + 1,
      // A doubt of then may be settled by now: it is looked for in Sent again, and then asked again.
      ...(text(note, 'outcome') === 'in_doubt' ? { outcome: undefined } : {}),
    },
  );
  await vault.update(ref, renderNote(told));
  // The words on top were not there when it was offered; what it would send is as it was.
  const offers = new Offers({
    stateDir: deps.stateDir,
    clock: { now: deps.now, sleep: () => Promise.resolve() },
  });
  const offer = await offers.find(id);
  if (offer !== null) await offers.record(id, offer.name, told, { told: offer.told, warned: true });
  return true;
}

function verdict(id: TaskId, takenAt: string, approved: boolean): Parameters<typeof withVerdict>[1] {
  const did = edgeOf(id) === 'odoo' ? 'posted' : 'sent';
  const when = `${takenAt.slice(0, 16).replace('T', ' ')} UTC`;
  return {
    kind: 'warning',
    title: `Restored from a backup: this may have been ${did} since`,
    lines: [
      `${approved ? 'You had approved it' : 'It waited for you'} when the backup was made, on ${when}. What happened after that is not known here: look into ${did === 'sent' ? 'your Sent folder' : 'Odoo'} first.`,
      `**It was ${did}, or shall not be:** move to \`Rejected\` · **It was not:** move to \`Approved\`, and it is ${did}.`,
    ],
  };
}

async function readNote(vault: Vault, ref: NoteRef): Promise<TaskNote | null> {
  const read = await vault.read(ref);
  const parsed = read.ok ? parseNote(read.text) : null;
  return parsed?.ok === true ? parsed.note : null;
}

/** Every process of the backup is dead, for this copy of the journal, also where it is restored beside one that runs. */
function journalOf(
  deps: HarmlessDeps,
  id: TaskId,
): Promise<Pick<MailJournal | PostJournal, 'view' | 'withdraw'>> {
  const options = { stateDir: deps.stateDir, self: ownIdentity(), isAlive: () => false, now: deps.now };
  return edgeOf(id) === 'odoo' ? openPostJournal(options) : openMailJournal(options);
}

async function isDone(deps: HarmlessDeps, id: TaskId): Promise<boolean> {
  return (await (await journalOf(deps, id)).view(id)).state.state === 'done';
}

/** What may have left stays in doubt, what has left stays done; what has not is void and needs a new seal. */
async function withdrawSeals(deps: HarmlessDeps): Promise<number> {
  const ids: string[] = await readdir(join(deps.stateDir, 'journal')).catch((error: unknown): string[] => {
    if (errno(error) === 'ENOENT') return [];
    throw error;
  });
  let withdrawn = 0;
  for (const id of ids.filter(isTaskId)) {
    const journal = await journalOf(deps, id);
    const { state } = await journal.view(id);
    if (state.state !== 'sealed' && state.state !== 'retry') continue;
    if ((await journal.withdraw(id)).state === 'withdrawn') withdrawn++;
  }
  return withdrawn;
}
