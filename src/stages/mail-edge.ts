/** Approved mails: the thread before, the submission by email-mcp, a look into Sent or a question after a doubt, the copy in Sent. */
import { addressKey, parseAddressList } from '../core/address-list.ts';
import { SENDING } from '../core/approval-step.ts';
import { type MailAction, mailActionOf } from '../core/approval.ts';
import type { At } from '../core/crash-points.ts';
import { localTime } from '../core/local-time.ts';
import { inlineCode } from '../core/markdown-text.ts';
import { moveLines } from '../core/moves.ts';
import { list, parseNote, type TaskNote, text } from '../core/task-file.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Vault } from '../vault/vault.ts';
import type {
  CardWords,
  DoubtVerdict,
  EdgeCard,
  EdgeWords,
  EffectEdge,
  Outcome,
  Task,
} from './effect-edge.ts';
import { loadAttachments } from './load-attachments.ts';
import type { OutgoingCheck } from './check-outgoing.ts';
import type { MailEffects, SealedEffects } from './mail-effects.ts';
import type { WrittenTo } from './written-to.ts';

export interface MailEdgeDeps {
  readonly journal: SealedEffects;
  readonly effects: MailEffects;
  readonly vault: Pick<Vault, 'root'>;
  readonly clock: Clock;
  readonly at: At;
  readonly timeZone: string;
  /** How long Sent is searched before the user is asked. */
  readonly doubtMs: number;
  /** What a careful person asks before it leaves; absent: nothing. */
  readonly check?: OutgoingCheck | undefined;
  /** The user's accounts by name; absent: there is one. */
  readonly knowsAccount?: ((name: string) => boolean) | undefined;
  /** Whom the user wrote to. */
  readonly writtenTo?: WrittenTo | undefined;
}

const RECHECK_MS = 15_000;
/** How long a yes waits for a mailbox that does not say whether the thread moved on. */
const THREAD_PATIENCE_MS = 2 * 60_000;
/** Sent copies are retried this long; then the card says so and moves on. */
const FILING_PATIENCE_MS = 5 * 60_000;

export function mailEdge(deps: MailEdgeDeps): EffectEdge {
  return {
    folder: 'Pending_Approval/email',
    audit: 'mail',
    quiet: true,
    act: SENDING,
    asks: true,
    words: WORDS,
    journal: deps.journal,
    read: (note) => {
      const read = mailActionOf(note);
      if (!read.ok) return read;
      if (deps.knowsAccount?.(read.action.account) === false)
        return { ok: false, reasons: [noAccount(read.action.account)] };
      return { ok: true, card: mailCard(deps, note, read.action) };
    },
    send: (id) => deps.effects.send(id),
    doubt: (task) => lookInSent(deps, task),
    outcome: (task) => sentOutcome(deps, task),
  };
}

function noAccount(name: string): string {
  return `The property \`account\` names ${inlineCode(name, 40)}, and no account of this machine is called so: it is not sent from another one. Write the account's name there.`;
}

function mailCard(deps: MailEdgeDeps, note: TaskNote, action: MailAction): EdgeCard {
  return {
    action: { edge: 'mail', action },
    parameters: { to: action.to.map((a) => a.address), cc: action.cc.map((a) => a.address) },
    look: async ({ now, approvedAt, offered, told }) => {
      const thread = await deps.effects.threadStatus(action.id);
      if (thread === 'unknown' && now - approvedAt < THREAD_PATIENCE_MS) {
        return {
          is: 'wait',
          words: 'the mailbox does not answer: whether the thread moved on is not known yet',
        };
      }
      const reasons = (await deps.check?.({ action, note, offered, told })) ?? [];
      return { is: 'looked', thread, reasons, changed: [], note: null, stamp: {} };
    },
    prepare: async () => {
      const loaded = await loadAttachments(deps.vault, action.attachments);
      if (!loaded.ok) return loaded;
      return { ok: true, seal: (card) => deps.journal.seal({ ...card, action, files: loaded.files }) };
    },
  };
}

/** A mail with our Message-ID in Sent settles it; else, after a while, only the user can. */
async function lookInSent(deps: MailEdgeDeps, task: Pick<Task, 'id' | 'view'>): Promise<DoubtVerdict> {
  const found = await deps.effects.lookInSent(task.id);
  if (found === 'found') {
    return { is: 'happened', how: 'found_in_sent', evidence: task.view.sealed?.messageId ?? '' };
  }
  const now = deps.clock.now();
  // No answer from the mailbox is given more time than a clear "not there".
  if (now - (task.view.attemptAt ?? 0) < (found === 'unknown' ? deps.doubtMs * 5 : deps.doubtMs)) {
    return { is: 'wait', at: now + Math.min(RECHECK_MS, Math.max(deps.doubtMs, 500)), words: null };
  }
  return { is: 'ask', words: doubtWords(task.view.words, found) };
}

async function sentOutcome(deps: MailEdgeDeps, task: Task): Promise<Outcome> {
  const now = deps.clock.now();
  let copy = 'kept in Sent';
  if (task.view.filed !== true) {
    const filed = await deps.effects.fileInSent(task.id);
    if (filed === 'unknown' && now - (task.view.attemptAt ?? 0) < FILING_PATIENCE_MS) {
      return { is: 'wait', at: now + RECHECK_MS, words: null };
    }
    if (filed === 'unknown') copy = 'the copy in Sent could not be made';
    if (filed === 'off') copy = 'no copy is kept in Sent';
    deps.at('handler:filed');
  }
  await deps.writtenTo?.add(gotIt(task));
  if (text(task.note, 'outcome') === 'sent') return { is: 'written' };
  const sentAt = localTime(task.view.attemptAt ?? now, deps.timeZone);
  const refused = task.view.refused ?? [];
  const sealedId = task.view.sealed?.messageId ?? '';
  // What a reader's answer refers to: a provider may have written its own.
  const messageId = (await deps.journal.view(task.id)).filedAs ?? sealedId;
  const lines = [`${sentAt.replace('T', ' ')} · ${copy}`];
  if (refused.length > 0) {
    lines.push(
      `**Not delivered to:** ${refused.join(', ').replace(/[`[\]<>]/g, '')}. The server refused ${refused.length === 1 ? 'this address' : 'these addresses'}.`,
    );
  }
  return {
    is: 'write',
    verdict: { kind: refused.length > 0 ? 'warning' : 'success', title: 'Sent', lines },
    properties: { sent_at: sentAt, sent_message_id: messageId },
    target: list(task.note, 'reply_to')[0],
    parameters: { message_id: sealedId, refused: refused.length },
  };
}

/** Everybody it was accepted for. */
function gotIt({ view }: Task): readonly string[] {
  const sealed = parseNote(view.sealed?.noteText ?? '');
  if (!sealed.ok) return [];
  const listed = parseAddressList([...list(sealed.note, 'reply_to'), ...list(sealed.note, 'reply_cc')]);
  const refused = new Set((view.refused ?? []).map(addressKey));
  const addresses = listed.ok ? listed.addresses.map((a) => a.address) : [];
  return addresses.filter((address) => !refused.has(addressKey(address)));
}

function doubtWords(said: string | undefined, found: 'absent' | 'unknown' | 'asked'): CardWords {
  const looked = {
    absent: ' It is not in your Sent folder.',
    unknown: ' Your Sent folder could not be searched.',
    asked: '',
  }[found];
  return {
    title: 'Was this sent? The mail server cannot tell',
    lines: [
      `The connection broke after the mail was handed over (${(said ?? 'no answer').slice(0, 200)}).${looked}`,
      ...moveLines([
        ['Rejected', 'it arrived, or is not to be sent again'],
        ['Approved', 'it is sent again'],
      ]),
    ],
  };
}

const WORDS: EdgeWords = {
  server: 'email-mcp',
  waits: (said) => `a mail waits for the server: ${said.slice(0, 120)}`,
  limited: (until) => `the hourly limit is reached; sending goes on at ${new Date(until).toISOString()}`,
  silent: () => null,
  changedTitle: 'Not sent: this was changed after it was offered',
  againTitle: 'Not sent: please look at this again',
  rightNow: '**Is it right as it stands now?** Move it to `Approved` again and it is sent.',
  sameAction:
    'What would be sent is as it was; but the explanation that stood on top was changed by another device.',
  putOff: (said) => ({
    title: 'Not sent: the mail server put it off for a day',
    lines: [`It last said: ${(said ?? 'nothing').slice(0, 300)}`, 'Move it to `Approved` to try again.'],
  }),
  failed: (said) => ({
    title: 'Not sent: the mail server refused it',
    lines: [
      `The server said: ${(said ?? 'nothing').slice(0, 300)}`,
      'Mend it and move it to `Approved` again.',
    ],
  }),
  returned: (said, to) => ({
    title: `It came back${
      to.length > 0
        ? `: not delivered to ${to
            .slice(0, 3)
            .map((one) => inlineCode(one, 100))
            .join(', ')}`
        : ''
    }`,
    lines: [
      `A delivery report says: ${inlineCode(said ?? 'nothing', 400)}`,
      '**Everybody else in `reply_to` and `reply_cc` may have it.** Mend the address, take out who has it, and move the card to `Approved` to send it once more; or move it to `Rejected`.',
    ],
  }),
  dryRun: (file) => ({
    title: 'Dry run: nothing was sent',
    lines: [
      `\`DRY_RUN\` is on. The mail as it would have left is in the state folder: \`${file}\`.`,
      'Set `DRY_RUN=false`, restart, and move the card to `Approved` again.',
    ],
  }),
  happenedBefore: {
    title: 'Already sent: nothing was sent again',
    lines: ['A mail of this very task left before. If this is a copy, delete it.'],
  },
  unclaimed: {
    title: 'Not sent: you did not approve this',
    lines: [
      'This note was put into `In_Progress/local-agent`, or changed there, by something other than your approval. Read it; move it to `Approved` if you want it sent.',
    ],
  },
  unreadable: {
    title: 'Not sent: the record of this task cannot be read',
    lines: [
      'The journal of this task is damaged, so nobody can say whether it was sent. Look in your Sent folder.',
    ],
  },
  doubt: (said) => doubtWords(said, 'asked'),
};
