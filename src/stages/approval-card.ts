import type { AuditTrail } from '../core/audit-chain.ts';
import type { Verdict } from '../core/body.ts';
import { withVerdict } from '../core/body.ts';
import type { At } from '../core/crash-points.ts';
import { localTime } from '../core/local-time.ts';
import { doneFolder } from '../core/states.ts';
import { list, num, parseNote, renderNote, type TaskNote, text, withData } from '../core/task-file.ts';
import type { TaskId } from '../core/task-id.ts';
import type { Clock } from '../runtime/clock.ts';
import type { NoteRef, Vault } from '../vault/vault.ts';
import type { ActiveEffects } from './active-effects.ts';
import type { EffectView, MailEffects, SealedEffects } from './mail-effects.ts';
import type { OfferedCards } from './offered-cards.ts';
import type { Offers } from './offers.ts';

export interface CardDeps {
  readonly vault: Vault;
  readonly offers: Offers;
  readonly cards: OfferedCards;
  readonly active: ActiveEffects;
  readonly journal: SealedEffects;
  readonly effects: MailEffects;
  readonly clock: Clock;
  readonly at: At;
  readonly timeZone: string;
  /** How long a bounced card stays valid. */
  readonly expiresMs: number;
  readonly newClaim: () => string;
  /** A line is durable when `append` resolves; it throws when the log cannot be written: no effect then. */
  readonly audit: AuditTrail;
}

/** A claimed note and what is known of it. */
export interface Task {
  readonly ref: NoteRef;
  readonly note: TaskNote;
  readonly id: TaskId;
  readonly view: EffectView;
  /** Milliseconds. */
  readonly approvedAt: number;
}

export function parsed(source: string): TaskNote | null {
  const result = parseNote(source);
  return result.ok ? result.note : null;
}

/** Who holds the note; wipes the outcome of an earlier round. */
export function claimStamp(deps: Pick<CardDeps, 'newClaim' | 'clock'>, note: TaskNote): TaskNote {
  return withData(note, {
    claim: deps.newClaim(),
    claimed_by: 'local-agent',
    claimed_at: new Date(deps.clock.now()).toISOString(),
    outcome: undefined,
    rev: (num(note, 'rev') ?? 0) + 1,
  });
}

/**
 * Back to the user with the reason on top. The note is written first, then the seal is taken back, then
 * the note moves: killed anywhere between, `nextStep` comes here again and nothing is sent.
 *
 * @param approved false: the user never approved this text
 */
export async function bounce(
  deps: CardDeps,
  task: Task,
  words: Omit<Verdict, 'kind'> | null,
  told: readonly string[] = [],
  outcome: 'bounced' | 'dry_run' | 'in_doubt' = 'bounced',
  approved = true,
): Promise<void> {
  let note = task.note;
  if (words !== null) {
    note = withData(
      {
        data: note.data,
        body: withVerdict(note.body, { kind: outcome === 'in_doubt' ? 'question' : 'warning', ...words }),
      },
      {
        outcome,
        rev: (num(note, 'rev') ?? 0) + 1,
        ...(text(note, 'expires') ? { expires: newExpiry(deps) } : {}),
      },
    );
    await deps.vault.update(task.ref, renderNote(note));
    deps.at('handler:bounce-written');
    await deps.audit.append({
      action: 'mail.bounced',
      task: task.id,
      parameters: { title: words.title },
      result: outcome,
    });
  }
  // What somebody else put here is no new offer of a card that was shown: its record stays, and is in doubt.
  if (approved || !(await deps.cards.keepDoubtful(task.id, note))) {
    await deps.offers.record(task.id, task.ref.name, note, { told, warned: true });
  }
  // A doubt stays a doubt in the journal until it is settled; everything else starts afresh at the next yes.
  if (text(note, 'outcome') !== 'in_doubt') {
    const { word } = await deps.journal.view(task.id);
    if (word === 'ready' || word === 'waiting' || word === 'failed')
      await deps.journal.release(task.id, words?.title ?? 'given back');
    await deps.active.remove(task.id);
  }
  const back = await deps.vault.moveToFreeName(task.ref, 'Pending_Approval/email');
  deps.at('handler:bounced');
  if (back.name !== null) await deps.cards.returned(task.id, back.name);
}

function newExpiry(deps: CardDeps): string {
  return localTime(deps.clock.now() + deps.expiresMs, deps.timeZone);
}

/** Sent copies are retried this long; then the card says so and moves on. */
const FILING_PATIENCE_MS = 5 * 60_000;

/** After the effect: copy in Sent, audit line, outcome in the note, move to Done. Each step may be repeated. */
export async function finish(
  deps: CardDeps & { readonly wakeAt: (ms: number) => void },
  task: Task,
): Promise<void> {
  const now = deps.clock.now();
  if (await anotherWasSent(deps, task)) {
    await deps.vault.setAside(task.ref);
    await deps.audit.append({
      action: 'conflict.set_aside',
      task: task.id,
      target: 'Conflicts',
      parameters: { name: task.ref.name },
      result: 'kept',
    });
    return;
  }
  let copy = 'kept in Sent';
  if (task.view.filed !== true) {
    const filed = await deps.effects.fileInSent(task.id);
    if (filed === 'unknown' && now - (task.view.attemptAt ?? 0) < FILING_PATIENCE_MS) {
      deps.wakeAt(now + 15_000);
      return;
    }
    if (filed === 'unknown') copy = 'the copy in Sent could not be made';
    if (filed === 'off') copy = 'no copy is kept in Sent';
    deps.at('handler:filed');
  }
  if (text(task.note, 'outcome') !== 'sent') await writeOutcome(deps, task, copy);
  await deps.vault.moveToFreeName(task.ref, doneFolder(localTime(now, deps.timeZone)));
  deps.at('handler:done');
  await deps.offers.forget(task.id);
  await deps.active.remove(task.id);
}

/** Two notes of one task were approved, and the other one is what left: it alone is the record in Done. */
async function anotherWasSent(deps: CardDeps, task: Task): Promise<boolean> {
  const { sealed, attemptAt } = task.view;
  if (sealed === undefined || sealed.noteName === task.ref.name) return false;
  const months = [deps.clock.now(), attemptAt ?? deps.clock.now()].map((ms) =>
    doneFolder(localTime(ms, deps.timeZone)),
  );
  return (await deps.vault.find(sealed.noteName, ['In_Progress/local-agent', ...months])) !== null;
}

async function writeOutcome(deps: CardDeps, task: Task, copy: string): Promise<void> {
  const sentAt = localTime(task.view.attemptAt ?? deps.clock.now(), deps.timeZone);
  const refused = task.view.refused ?? [];
  const messageId = task.view.sealed?.messageId ?? '';
  await deps.audit.append({
    action: 'mail.sent',
    task: task.id,
    target: list(task.note, 'reply_to')[0],
    parameters: { message_id: messageId, refused: refused.length },
    approval: task.view.sealed?.approval,
    result: 'sent',
  });
  const lines = [`${sentAt.replace('T', ' ')} · ${copy}`];
  if (refused.length > 0) {
    lines.push(
      `**Not delivered to:** ${refused.join(', ').replace(/[`[\]<>]/g, '')}. The server refused ${refused.length === 1 ? 'this address' : 'these addresses'}.`,
    );
  }
  const verdict: Verdict = { kind: refused.length > 0 ? 'warning' : 'success', title: 'Sent', lines };
  // Done shows what was sent: the card as it was sealed, whatever happened to the file since.
  const base = parsed(task.view.sealed?.noteText ?? '') ?? task.note;
  const note = withData(
    { data: base.data, body: withVerdict(base.body, verdict) },
    { outcome: 'sent', sent_at: sentAt, sent_message_id: messageId, rev: (num(task.note, 'rev') ?? 0) + 1 },
  );
  await deps.vault.update(task.ref, renderNote(note));
  deps.at('handler:outcome-written');
}
