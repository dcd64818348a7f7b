import { createHash } from 'node:crypto';
import { addressKey, asciiDomain } from '../../core/address-list.ts';
import { actionHash, type MailAction, messageIdFor } from '../../core/approval.ts';
import { namesMail } from '../../core/bounce-claim.ts';
import type { ResolvedHow } from '../../core/effect-state.ts';
import { effectDetails, effectWord } from '../../core/effect-word.ts';
import type { Address } from '../../core/mail.ts';
import type { TaskId } from '../../core/task-id.ts';
import { SealRefused } from '../../journal/seal-refused.ts';
import type {
  EffectView,
  MailReturns,
  ReturnNotice,
  ReturnVerdict,
  SealedEffects,
  SealInput,
} from '../../stages/mail-effects.ts';
import { composeMessage } from './compose-message.ts';
import type { MailJournal } from './sealed-mail.ts';

export interface SealedRepliesOptions {
  readonly journal: MailJournal;
  /** What mail is sent from; with several accounts by their names, null for one that is not known. */
  readonly from: Address | ((account: string) => Address | null);
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** The approval handler's side of the journal: approved cards in, mails as bytes sealed. */
export class SealedReplies implements SealedEffects, MailReturns {
  readonly #options: SealedRepliesOptions;

  constructor(options: SealedRepliesOptions) {
    this.#options = options;
  }

  async view(id: TaskId): Promise<EffectView> {
    const { state, sealed, filed } = await this.#options.journal.view(id);
    const word = effectWord(state, this.#options.now());
    if (word === 'none') return { word };
    return {
      word,
      ...(sealed
        ? {
            sealed: {
              noteName: sealed.noteName,
              noteText: sealed.noteText,
              messageId: sealed.messageId,
              approval: sealed.approval,
            },
          }
        : {}),
      ...effectDetails(state),
      filed: filed !== null,
      ...(filed?.as === undefined ? {} : { filedAs: filed.as }),
    };
  }

  /** @throws SealRefused when the task was sent or may have been. @throws ComposeRefusal. */
  async seal(input: SealInput): Promise<void> {
    const { action, files, hash, noteName, noteText, approvedAt } = input;
    const { journal, now } = this.#options;
    const from = this.#sender(action.account);
    const { returned } = await journal.view(action.id);
    const messageId = freshMessageId(action, asciiDomain(from.address), returned.length);
    const eml = await composeMessage({
      taskId: action.id,
      messageId,
      date: new Date(now()),
      from,
      to: action.to,
      cc: action.cc,
      subject: action.subject,
      inReplyTo: action.inReplyTo,
      references: action.references,
      text: action.text,
      attachments: files,
    });
    const result = await journal.seal({
      id: action.id,
      hash,
      messageId,
      payload: eml,
      envelope: { from: onTheWire(from.address), to: recipients([...action.to, ...action.cc]) },
      subject: action.subject,
      noteName,
      noteText,
      account: from.address,
      approval: { who: 'user', when: approvedAt, hash },
    });
    if (!result.ok) throw new SealRefused(action.id, result.state);
  }

  #sender(account: string): Address {
    const { from } = this.#options;
    const sender = typeof from === 'function' ? from(account) : from;
    // The edge refuses the card before: here it would be a mail under a wrong name.
    if (!sender) throw new Error(`no account is called ${account}`);
    return sender;
  }

  /** @throws SealRefused when it was sent or may have been: such a seal cannot be taken back. */
  async release(id: TaskId, _why: string): Promise<void> {
    const state = await this.#options.journal.withdraw(id);
    if (state.state !== 'withdrawn' && state.state !== 'none') throw new SealRefused(id, state);
  }

  async resolve(id: TaskId, how: ResolvedHow, evidence: string): Promise<void> {
    await this.#options.journal.resolve(id, how, evidence);
  }

  async returned(id: TaskId, notice: ReturnNotice): Promise<ReturnVerdict> {
    const { messageId, ...record } = notice;
    const result = await this.#options.journal.recordReturned(id, record, (sealed, filed) =>
      namesMail(messageId, sealed.messageId, filed?.as ?? null),
    );
    if (result.is === 'again') return { is: 'again', same: result.notice === notice.notice };
    if (result.is === 'not_done')
      return { is: 'not_done', word: effectWord(result.state, this.#options.now()) };
    return result;
  }
}

/**
 * What came back and is sent again is another mail: under its first Message-ID a look into Sent would find the first
 * copy, a report about the first would count for the second, and the recipient's server might drop it as known.
 */
function freshMessageId(action: MailAction, domain: string, returns: number): string {
  if (returns === 0) return messageIdFor(action, domain);
  const hash = createHash('sha256')
    .update(`${actionHash(action)} again ${returns}`)
    .digest('hex');
  return `<${action.id}.${hash.slice(0, 32)}@${domain}>`;
}

/** Each mailbox once, however it is written. */
function recipients(addresses: readonly Address[]): string[] {
  return [...new Map(addresses.map((a) => [addressKey(a.address), onTheWire(a.address)])).values()];
}

/** Servers take a domain as the DNS knows it; only a local part outside ASCII needs SMTPUTF8. */
function onTheWire(address: string): string {
  return `${address.slice(0, address.lastIndexOf('@'))}@${asciiDomain(address)}`;
}
