import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { At } from '../../core/crash-points.ts';
import { deliveryVerdict, type DeliveryVerdict } from '../../core/delivery-verdict.ts';
import type { EffectState } from '../../core/effect-state.ts';
import type { TaskId } from '../../core/task-id.ts';
import { writeDurably } from '../../files/durable.ts';
import type { MailJournal, SealedMail } from './sealed-mail.ts';
import type { EffectLimit } from '../../journal/effect-limit.ts';
import { type SmtpAccount, submitAs } from './submit-as.ts';

export interface SendDeps {
  readonly journal: MailJournal;
  readonly limit: EffectLimit;
  readonly smtp: SmtpAccount;
  /** Of the account, before the words of its server; absent where there is only one. */
  readonly name?: string | undefined;
  readonly dryRun: boolean;
  readonly stateDir: string;
  /** Does a PAUSE.md lie in the vault's root or in Approved? */
  readonly paused: () => Promise<boolean>;
  /** When the quiet hours are over, ms; null: it may go now. */
  readonly quietUntil?: (() => number | null) | undefined;
  readonly at: At;
}

export type SendResult =
  /** The journal has the answer; nothing was attempted when it had it before. */
  | { readonly kind: 'settled'; readonly state: EffectState }
  | { readonly kind: 'paused' }
  | { readonly kind: 'limited'; readonly until: number }
  | { readonly kind: 'quiet'; readonly until: number }
  /** Sealed for a sender that is no account here any more. */
  | { readonly kind: 'no_account'; readonly words: string }
  /** The mail as it would have left lies in `file`, relative to STATE_DIR. */
  | { readonly kind: 'dry_run'; readonly file: string };

/**
 * Sends what is sealed under this id, at most once, or says why not. There is no other way to send: no
 * recipient and no text comes in here.
 * @throws JournalFault when the sealed bytes are damaged or the result could not be recorded.
 */
export async function sendSealed(id: TaskId, deps: SendDeps): Promise<SendResult> {
  const { state, sealed } = await deps.journal.view(id);
  if ((state.state !== 'sealed' && state.state !== 'retry') || !sealed) return { kind: 'settled', state };
  if (await deps.paused()) return { kind: 'paused' };
  const quiet = deps.quietUntil?.() ?? null;
  if (quiet !== null) return { kind: 'quiet', until: quiet };
  const eml = await deps.journal.payload(sealed);
  if (deps.dryRun) return { kind: 'dry_run', file: await keepUnsent(sealed, eml, deps.stateDir) };
  const slot = await deps.limit.take();
  if (!slot.ok) return { kind: 'limited', until: slot.until };
  const begun = await deps.journal.beginAttempt(id, sealed.seal);
  if (!begun.ok) {
    await slot.release();
    return { kind: 'settled', state: begun.state };
  }
  deps.at('email-mcp:attempt-recorded');
  const said = await submitAs({
    smtp: deps.smtp,
    eml,
    envelope: sealed.envelope,
    onBodyStarts: () => {
      begun.attempt.transmitting();
      deps.at('email-mcp:transmitting');
    },
  });
  const facts = deps.name === undefined ? said : { ...said, words: `account ${deps.name}: ${said.words}` };
  const verdict = deliveryVerdict(facts);
  if (isSent(verdict)) deps.at('email-mcp:accepted');
  await begun.attempt.finish(verdict, facts.phase);
  deps.at('email-mcp:result-written');
  if (verdict.verdict === 'retry' || verdict.verdict === 'failed') await slot.release();
  return { kind: 'settled', state: (await deps.journal.view(id)).state };
}

function isSent(verdict: DeliveryVerdict): boolean {
  return verdict.verdict === 'sent' || verdict.verdict === 'sent_partly';
}

async function keepUnsent(sealed: SealedMail, eml: Uint8Array, stateDir: string): Promise<string> {
  const file = join('dry-run', `${sealed.id}-g${sealed.seal}.eml`);
  await mkdir(join(stateDir, 'dry-run'), { recursive: true, mode: 0o700 });
  await writeDurably(join(stateDir, file), eml);
  return file;
}
