/** What a card tells besides its mail: the card it takes the place of, the mail it answers, the mails before it. */
import { doneFolder, type TaskFolder } from '../core/states.ts';
import type { IncomingMail } from '../core/mail.ts';
import type { PeopleNotes } from '../core/people/people-notes.ts';
import { idInName, type TaskId, taskOfMessageId } from '../core/task-id.ts';
import type { EarlierMail, ThreadLookup } from '../core/thread-mails.ts';
import { belongs } from '../core/thread-people.ts';
import { localTime } from '../core/local-time.ts';
import { propertyText } from '../core/neutralise.ts';
import type { Vault } from '../vault/vault.ts';
import { type FoldDeps, type Prior, priorCard, refersToOthers, type ThreadLedger } from './fold-thread.ts';

export interface MailContext {
  readonly prior: Prior;
  /** Oldest first. */
  readonly earlier: readonly EarlierMail[];
  /** A mail of ours that this one answers; `name` as far as its note was found. */
  readonly answers: { readonly task: TaskId; readonly name: string | null } | null;
  readonly warnings: readonly string[];
  /** The sender has no part in the thread he names: his mail is not what the next one is held against. */
  readonly outside: boolean;
}

export const NO_CONTEXT: MailContext = {
  prior: { kind: 'none' },
  earlier: [],
  answers: null,
  warnings: [],
  outside: false,
};

export interface ContextDeps extends FoldDeps {
  readonly vault: FoldDeps['vault'] & Pick<Vault, 'list'>;
  readonly threads: ThreadLedger;
  readonly thread: ThreadLookup | null;
  readonly people: PeopleNotes | null;
  readonly account: string;
  readonly now: () => number;
}

const MONTHS_BACK = 3;

/** `key`: names the thread in the ledger. A mail that refers to nothing asks nobody but `people`. */
export async function contextOf(deps: ContextDeps, mail: IncomingMail, key: string): Promise<MailContext> {
  const warnings = [...((await deps.people?.warningsFor(mail)) ?? [])];
  if (!refersToOthers(mail)) return { ...NO_CONTEXT, warnings };
  const last = deps.threads.lastOfThread(key);
  const prior: Prior = last === null ? { kind: 'none' } : await priorCard(deps, mail, last);
  const { messageId, inReplyTo, references } = mail;
  const refs = { messageId, inReplyTo, references };
  const answer = await askThread(deps.thread, (thread) => thread.earlier(refs));
  const found = answer === 'unknown' ? [] : answer;
  const part = belongs(mail.from?.address ?? '', found);
  // Whoever names a thread he has no part in must not get its text into the draft of a reply to him.
  const inPrior = prior.kind === 'fold' || prior.kind === 'replace';
  const outside = !inPrior && (part === 'no' || (part === 'unknown' && prior.kind === 'stranger'));
  const earlier = outside ? [] : together(found, prior);
  const task = answeredTask(mail, earlier);
  if (prior.kind === 'stranger') {
    const title = propertyText(prior.title, 100);
    warnings.push(`It says it belongs to the thread of "${title}", but its sender had no part in that mail.`);
  } else if (outside && found.length > 0) {
    warnings.push('Its sender had no part in the earlier mails of this thread, so they are not shown.');
  } else if (part === 'unknown' && found.length > 0 && !inPrior && !isParentOurs(mail)) {
    warnings.push('Whether the sender had part in the earlier mails of this thread is not known.');
  }
  if (prior.kind === 'replace') {
    const name = propertyText(prior.name.replace(/\.md$/, ''), 120);
    warnings.push(
      `An older card of this thread is withdrawn, or stays beside this one if you changed it: ${name}`,
    );
  }
  const answers = task === null ? null : { task, name: await noteOf(deps, task, last) };
  return { prior, earlier, answers, warnings, outside };
}

/** A mailbox that fails to answer must not keep the mail from being taken in. */
export async function askThread<T>(
  thread: ThreadLookup | null,
  question: (thread: ThreadLookup) => Promise<T | 'unknown'>,
): Promise<T | 'unknown'> {
  return thread === null ? 'unknown' : question(thread).catch(() => 'unknown' as const);
}

/** The mailbox knows both sides; the older card, what lies in no folder any more. */
function together(found: readonly EarlierMail[], prior: Prior): readonly EarlierMail[] {
  if (prior.kind !== 'fold' && prior.kind !== 'replace') return found;
  const known = new Set(found.map((mail) => mail.messageId));
  const newest = prior.earlier.at(-1);
  if (found.length === 0) return prior.earlier;
  return newest === undefined || known.has(newest.messageId) ? found : [...found, newest];
}

/** By the ids it refers to, the parent first; else by what the user wrote in this thread last (a rewritten id). */
function answeredTask(mail: IncomingMail, earlier: readonly EarlierMail[]): TaskId | null {
  const own = earlier.filter((one) => one.own).map((one) => one.messageId);
  for (const id of [mail.inReplyTo, ...[...mail.references].reverse(), ...own.reverse()]) {
    const task = id === null ? null : taskOfMessageId(id);
    if (task !== null) return task;
  }
  return null;
}

/** Our ids cannot be guessed: who names one as the parent was sent that mail, or had it from a recipient. */
function isParentOurs({ inReplyTo }: IncomingMail): boolean {
  return inReplyTo !== null && taskOfMessageId(inReplyTo) !== null;
}

/** Most often the card before this one in the thread. A new mail of the user has none: looked for by its id. */
async function noteOf(deps: ContextDeps, task: TaskId, last: string | null): Promise<string | null> {
  if (last !== null && idInName(last) === task) return last;
  const now = new Date(deps.now());
  const months = Array.from({ length: MONTHS_BACK }, (_, back) => {
    const month = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - back, 15));
    return doneFolder(localTime(month.getTime(), deps.timeZone));
  });
  const places: TaskFolder[] = ['In_Progress/local-agent', 'Pending_Approval/email', ...months];
  for (const folder of places) {
    const name = (await deps.vault.list(folder)).find((one) => idInName(one) === task);
    if (name !== undefined) return name;
  }
  return null;
}
