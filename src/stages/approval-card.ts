import type { AuditTrail } from '../core/audit-chain.ts';
import { withVerdict } from '../core/body.ts';
import type { At } from '../core/crash-points.ts';
import { localTime } from '../core/local-time.ts';
import { moveLines } from '../core/moves.ts';
import { propertyText } from '../core/neutralise.ts';
import { doneFolder } from '../core/states.ts';
import { list, num, parseNote, renderNote, type TaskNote, text, withData } from '../core/task-file.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Vault } from '../vault/vault.ts';
import type { ActiveEffects } from './active-effects.ts';
import { knownFiles } from './attach-files.ts';
import type { CardWords, Edges, EffectEdge, Outcome, Task } from './effect-edge.ts';
import type { OfferedCards } from './offered-cards.ts';
import type { Offers } from './offers.ts';

export interface CardDeps {
  readonly vault: Vault;
  readonly offers: Offers;
  readonly cards: OfferedCards;
  readonly active: ActiveEffects;
  readonly edges: Edges;
  readonly clock: Clock;
  readonly at: At;
  readonly timeZone: string;
  /** How long a bounced card stays valid. */
  readonly expiresMs: number;
  readonly newClaim: () => string;
  /** A line is durable when `append` resolves; it throws when the log cannot be written: no effect then. */
  readonly audit: AuditTrail;
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
 * the note moves: killed anywhere between, `nextStep` comes here again and nothing happens.
 *
 * @param approved false: the user never approved this text
 */
export async function bounce(
  deps: CardDeps,
  task: Task,
  words: CardWords | null,
  told: readonly string[] = [],
  outcome: 'bounced' | 'dry_run' | 'in_doubt' = 'bounced',
  approved = true,
): Promise<void> {
  const { journal, folder, asks } = task.edge;
  let note = task.note;
  if (words !== null) {
    note = withData(
      {
        data: note.data,
        body: withVerdict(note.body, {
          kind: outcome === 'in_doubt' ? 'question' : 'warning',
          title: words.title,
          lines: [...toWhom(note), ...withMoves(words.lines, task.edge)],
        }),
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
      action: `${task.edge.audit}.bounced`,
      task: task.id,
      parameters: { title: words.title },
      result: outcome,
    });
  }
  // What somebody else put here is no new offer of a card that was shown: its record stays, and is in doubt.
  if (approved || !(await deps.cards.keepDoubtful(task.id, note))) {
    const known = [...new Set([...told, ...filesSealed(task)])];
    await deps.offers.record(task.id, task.ref.name, note, { told: known, warned: true });
  }
  // A doubt stays a doubt in the journal until it is settled; everything else starts afresh at the next yes.
  if (!asks || text(note, 'outcome') !== 'in_doubt') {
    const { word } = await journal.view(task.id);
    if (word === 'ready' || word === 'waiting' || word === 'failed')
      await journal.release(task.id, words?.title ?? 'given back');
    await deps.active.remove(task.id);
  }
  const back = await deps.vault.moveToFreeName(task.ref, folder);
  deps.at('handler:bounced');
  if (back.name !== null) await deps.cards.returned(task.id, back.name);
}

const SHOWN_PEOPLE = 4;

/** The verdict that named them is gone, and on a phone the properties are out of sight. */
function toWhom(note: TaskNote): readonly string[] {
  const to = list(note, 'reply_to').map((address) => propertyText(address, 100));
  if (to.length === 0) return [];
  const more = to.length - SHOWN_PEOPLE;
  return [`**To** ${to.slice(0, SHOWN_PEOPLE).join(', ')}${more > 0 ? ` and ${more} more` : ''}`];
}

/** A card that only says what is wrong leaves the reader with the question what to do. */
function withMoves(lines: readonly string[], { act, folder }: EffectEdge): readonly string[] {
  if (lines.some((line) => line.includes('`Approved`'))) return lines;
  const inbox = folder === 'Pending_Approval/odoo' ? 'Needs_Action/odoo' : 'Needs_Action/email';
  return [
    ...lines,
    ...moveLines([
      ['Approved', `once it is right as it stands: it is ${act.did}`],
      ['Rejected', `nothing is ${act.did}`],
      [inbox, 'it is drafted again, by what you write under Feedback'],
    ]),
  ];
}

/** What was sealed before was shown to the user or surely theirs: these files are not asked about again. */
function filesSealed(task: Task): readonly string[] {
  const note = parsed(task.view.sealed?.noteText ?? '');
  return note === null ? [] : knownFiles(note);
}

function newExpiry(deps: CardDeps): string {
  return localTime(deps.clock.now() + deps.expiresMs, deps.timeZone);
}

/** After the effect: what its edge has to do, audit line, outcome in the note, move to Done. Each step may be repeated. */
export async function finish(
  deps: CardDeps & {
    readonly wakeAt: (ms: number) => void;
    readonly waiting: (line: string | null) => void;
  },
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
  const outcome = await task.edge.outcome(task);
  if (outcome.is === 'wait') {
    if (outcome.words !== null) deps.waiting(outcome.words);
    deps.wakeAt(outcome.at);
    return;
  }
  if (outcome.is === 'write') await writeOutcome(deps, task, outcome);
  await deps.vault.moveToFreeName(task.ref, doneFolder(localTime(now, deps.timeZone)));
  deps.at('handler:done');
  await deps.offers.forget(task.id);
  await deps.active.remove(task.id);
}

/** Two notes of one task were approved, and the other one is what was carried out: it alone is the record in Done. */
async function anotherWasSent(deps: CardDeps, task: Task): Promise<boolean> {
  const { sealed, attemptAt } = task.view;
  if (sealed === undefined || sealed.noteName === task.ref.name) return false;
  const months = [deps.clock.now(), attemptAt ?? deps.clock.now()].map((ms) =>
    doneFolder(localTime(ms, deps.timeZone)),
  );
  return (await deps.vault.find(sealed.noteName, ['In_Progress/local-agent', ...months])) !== null;
}

async function writeOutcome(
  deps: CardDeps,
  task: Task,
  outcome: Extract<Outcome, { is: 'write' }>,
): Promise<void> {
  const { audit, act } = task.edge;
  await deps.audit.append({
    action: `${audit}.${act.did}`,
    task: task.id,
    target: outcome.target,
    parameters: outcome.parameters,
    approval: task.view.sealed?.approval,
    result: act.did,
  });
  // Done shows what happened: the card as it was sealed, whatever happened to the file since.
  const base = parsed(task.view.sealed?.noteText ?? '') ?? task.note;
  const note = withData(
    { data: base.data, body: withVerdict(base.body, outcome.verdict) },
    { outcome: act.did, ...outcome.properties, rev: (num(task.note, 'rev') ?? 0) + 1 },
  );
  await deps.vault.update(task.ref, renderNote(note));
  deps.at('handler:outcome-written');
}
