/**
 * A delivery report about a mail of ours: Needs_Action/email -> In_Progress/local-agent -> Done, and the mail it names goes
 * from Done back to the user with the server's words. Anybody who can write into the mailbox can forge one: all it does is
 * bring a card back, once for each sending and a few times at most; what leaves next needs a yes of its own.
 *
 * Each step can be repeated: the journal's record comes first, the card second, the report's own note last.
 */
import { bounceInNote, namesMail } from '../core/bounce-claim.ts';
import { type Bounce, BOUNCE_KIND, mayBeBounce } from '../core/bounce-note.ts';
import { type Verdict, withVerdict } from '../core/body.ts';
import { localTime } from '../core/local-time.ts';
import { inlineCode, noteLink } from '../core/markdown-text.ts';
import { doneFolder } from '../core/states.ts';
import { num, renderNote, type TaskNote, text, withData } from '../core/task-file.ts';
import type { TaskId } from '../core/task-id.ts';
import { doneMonths } from '../vault/task-places.ts';
import { unlessBroken } from '../vault/unless-broken.ts';
import type { NoteRef } from '../vault/vault.ts';
import { type CardDeps, parsed } from './approval-card.ts';
import type { BounceRecords } from './bounce-records.ts';
import type { EffectView, MailReturns } from './mail-effects.ts';

export interface Bounces {
  readonly returns: MailReturns;
  readonly records: BounceRecords;
}

export interface BounceDeps extends CardDeps {
  readonly wakeAt: (ms: number) => void;
  readonly bounces: Bounces;
}

const MINE = 'In_Progress/local-agent';
const INBOX = 'Needs_Action/email';
/** Claims of one pass: a flood of reports keeps no mail waiting. */
const MAX_CLAIMS = 20;
const RECHECK_MS = 15_000;

export function isBounce(note: TaskNote): boolean {
  return text(note, 'kind') === BOUNCE_KIND;
}

/** Takes what the watcher put beside the mails; nobody else does. */
export async function claimBounces(deps: BounceDeps, signal: AbortSignal): Promise<void> {
  let claims = 0;
  for (const name of (await deps.vault.list(INBOX)).filter(mayBeBounce)) {
    if (signal.aborted || claims >= MAX_CLAIMS) return;
    const read = await deps.vault.read({ folder: INBOX, name });
    const note = read.ok ? parsed(read.text) : null;
    if (note === null || !isBounce(note)) continue;
    await deps.vault.moveToFreeName({ folder: INBOX, name }, MINE);
    deps.at('bounce:claimed');
    claims++;
  }
}

/** @param carryOn takes a note of In_Progress/local-agent as far as it goes now. */
export async function takeBounce(
  deps: BounceDeps,
  ref: NoteRef,
  found: { readonly note: TaskNote; readonly id: TaskId },
  carryOn: (ref: NoteRef) => Promise<void>,
): Promise<void> {
  const bounce = bounceInNote(found.note);
  if (bounce === null) {
    await deps.vault.quarantine(ref, 'It says that it is a delivery report and names no mail of ours.');
    return;
  }
  const report: Report = { ref, ...found, bounce };
  if (bounce.action === 'delayed') return tellDelay(deps, report);
  const { journal } = deps.edges.mail;
  const view = await journal.view(bounce.task);
  if (view.word === 'in_doubt' && isNamed(bounce, view)) {
    // What came back had left: the doubt is over, and the report is worked off when the note is in Done.
    await journal.resolve(bounce.task, 'found_in_report', `a delivery report: ${bounce.words}`);
    wait(deps);
    return;
  }
  // What is under way ends first; then the report is about something finished.
  if ((await deps.active.list()).includes(bounce.task)) {
    wait(deps);
    return;
  }
  const said = await deps.bounces.returns.returned(bounce.task, {
    notice: found.id,
    messageId: bounce.messageId,
    words: [bounce.status, bounce.words].filter(Boolean).join(' ') || 'no reason was given',
    recipients: bounce.recipients,
  });
  switch (said.is) {
    case 'recorded':
      await deps.audit.append({
        action: 'mail.returned',
        task: bounce.task,
        parameters: { notice: found.id, status: bounce.status },
        result: 'reopened',
      });
      deps.at('bounce:recorded');
      return reopened(deps, report, carryOn);
    case 'again':
      if ((await deps.edges.mail.journal.view(bounce.task)).returned !== undefined || said.same)
        return reopened(deps, report, carryOn);
      return tellMore(deps, report);
    case 'not_done':
      if (said.word !== 'running') return ignored(deps, report, `its mail counts as \`${said.word}\``);
      wait(deps);
      return;
    case 'not_ours':
      return ignored(deps, report, 'it names no mail that was sent for this task');
    case 'too_often':
      await deps.bounces.records.tell(found.id, bounce.task, `${whatOf(report)} came back too often`);
      return ignored(deps, report, 'the mail came back too often; its card stays in Done');
  }
}

interface Report {
  readonly ref: NoteRef;
  readonly note: TaskNote;
  readonly id: TaskId;
  readonly bounce: Bounce;
}

function isNamed({ messageId }: Bounce, view: EffectView): boolean {
  return namesMail(messageId, view.sealed?.messageId ?? '', view.filedAs ?? null);
}

function wait(deps: BounceDeps): void {
  deps.wakeAt(deps.clock.now() + RECHECK_MS);
}

/** The card is with the user, or is brought there; then the report is worked off. */
async function reopened(
  deps: BounceDeps,
  report: Report,
  carryOn: (ref: NoteRef) => Promise<void>,
): Promise<void> {
  const { task } = report.bounce;
  const view = await deps.edges.mail.journal.view(task);
  const name = view.sealed?.noteName;
  if (view.returned !== undefined && view.sealed && !(await liesOpen(deps, task))) {
    const card = (await inOurFolder(deps, task)) ?? (await fromDone(deps, task, view.sealed));
    await carryOn(card);
    const after = await deps.edges.mail.journal.view(task);
    // It could not be given back (unreadable, renamed): once more, from the seal.
    if (after.returned !== undefined) {
      wait(deps);
      return;
    }
  }
  await deps.bounces.records.settle(task);
  return end(deps, report, 'returned', {
    kind: 'info',
    title: 'A mail came back',
    lines: [`The card ${noteLink(name ?? task)} waits for you again, with the server's words.`],
  });
}

/** The user took it out of Done already: it is theirs. */
async function liesOpen(deps: BounceDeps, task: TaskId): Promise<boolean> {
  for (const folder of ['Pending_Approval/email', 'Approved', 'Rejected'] as const) {
    if ((await deps.vault.list(folder)).some((name) => name.includes(task))) return true;
  }
  return false;
}

async function inOurFolder(deps: BounceDeps, task: TaskId): Promise<NoteRef | null> {
  for (const name of await deps.vault.list(MINE)) {
    if (name.includes(task) && (await isOf(deps, { folder: MINE, name }, task)))
      return { folder: MINE, name };
  }
  return null;
}

async function isOf(deps: BounceDeps, ref: NoteRef, task: TaskId): Promise<boolean> {
  const read = await deps.vault.read(ref);
  const note = read.ok ? parsed(read.text) : null;
  return note !== null && text(note, 'id') === task && !isBounce(note);
}

/** As it lies in Done; where nobody finds it there, as it was sealed. */
async function fromDone(
  deps: BounceDeps,
  task: TaskId,
  sealed: NonNullable<EffectView['sealed']>,
): Promise<NoteRef> {
  for (const folder of await unlessBroken(doneMonths(deps.vault), [])) {
    const ref = await deps.vault.find(sealed.noteName, [folder]);
    if (ref === null || !(await isOf(deps, ref, task))) continue;
    const { name } = await deps.vault.moveToFreeName(ref, MINE);
    deps.at('bounce:reopening');
    if (name !== null) return { folder: MINE, name };
  }
  await deps.vault.create({ folder: MINE, name: sealed.noteName }, sealed.noteText);
  deps.at('bounce:reopening');
  return { folder: MINE, name: sealed.noteName };
}

async function tellDelay(deps: BounceDeps, report: Report): Promise<void> {
  const { bounce, id } = report;
  const view = await deps.edges.mail.journal.view(bounce.task);
  // Reopens nothing, so it need not be exact; about what was never sent it says nothing.
  if (view.word !== 'done' || !isNamed(bounce, view)) {
    return ignored(deps, report, 'it names no mail that was sent for this task');
  }
  await deps.bounces.records.tell(id, bounce.task, `${whatOf(report)} is delayed: ${saidOf(bounce)}`);
  await deps.audit.append({ action: 'mail.delayed', task: bounce.task, result: 'told' });
  return end(deps, report, 'delayed', {
    kind: 'info',
    title: 'A mail is delayed',
    lines: [`Their server goes on trying. It said: ${saidOf(bounce)}`],
  });
}

/** Another report of a mail whose card came back before: another recipient, or the same one again. */
async function tellMore(deps: BounceDeps, report: Report): Promise<void> {
  const { bounce, id } = report;
  await deps.bounces.records.tell(
    id,
    bounce.task,
    `${whatOf(report)}: not delivered either. ${saidOf(bounce)}`,
  );
  return end(deps, report, 'returned', {
    kind: 'warning',
    title: `Not delivered either${whomOf(bounce)}`,
    lines: [
      `The card came back before, because of another report. The server said: ${saidOf(bounce)}`,
      'If you sent it again, it does not concern the second sending.',
    ],
  });
}

async function ignored(deps: BounceDeps, report: Report, why: string): Promise<void> {
  await deps.audit.append({
    action: 'mail.report_ignored',
    task: report.bounce.task,
    parameters: { notice: report.id },
    result: why.slice(0, 200),
  });
  return end(deps, report, 'ignored', {
    kind: 'info',
    title: 'A delivery report that changes nothing',
    lines: [`Nothing was brought back: ${why}.`],
  });
}

async function end(
  deps: BounceDeps,
  { ref, note, id }: Report,
  outcome: 'returned' | 'delayed' | 'ignored',
  verdict: Verdict,
): Promise<void> {
  const done = withData(
    { data: note.data, body: withVerdict(note.body, verdict) },
    { outcome, rev: (num(note, 'rev') ?? 0) + 1 },
  );
  await deps.vault.update(ref, renderNote(done));
  await deps.bounces.records.handled(id);
  deps.at('bounce:handled');
  await deps.vault.moveToFreeName(ref, doneFolder(localTime(deps.clock.now(), deps.timeZone)));
}

/** The server's words, in code: they are a stranger's. */
function saidOf(bounce: Bounce): string {
  const said = [bounce.status, bounce.words].filter(Boolean).join(' ');
  return said === '' ? 'nothing' : inlineCode(said, 300);
}

function whomOf({ recipients }: Bounce): string {
  return recipients.length === 0
    ? ''
    : ` to ${recipients
        .map((r) => inlineCode(r, 100))
        .slice(0, 3)
        .join(', ')}`;
}

function whatOf({ bounce }: Report): string {
  return `A mail${whomOf(bounce)}`;
}
