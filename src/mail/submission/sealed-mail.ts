import { z } from 'zod';
import { EffectJournal, type JournalOptions, type SealInput } from '../../journal/journal.ts';
import { type JournalFormat, sealedShape } from '../../journal/journal-records.ts';

/** How a mail is kept in the journal: `sealed.json`, `message.eml`, `filed.json`. */

const sealedMailSchema = z.strictObject({
  ...sealedShape,
  /** With angle brackets. */
  messageId: z.string().min(3).max(998),
  envelope: z.strictObject({
    from: z.string().min(3).max(320),
    to: z.array(z.string().min(3).max(320)).min(1).max(200).readonly(),
  }),
  subject: z.string().max(2000),
  /** Of `message.eml`, so that what is sent is what was sealed. */
  emlSha256: z.string().regex(/^[0-9a-f]{64}$/),
});
export type SealedMail = Readonly<z.infer<typeof sealedMailSchema>>;

const filedMailSchema = z.strictObject({
  how: z.enum(['filed', 'already', 'provider', 'off']),
  /** The Message-ID that Sent shows, where the provider put its own in place of ours. */
  as: z.string().min(3).max(998).optional(),
  at: z.iso.datetime(),
});
export type FiledMail = Readonly<z.infer<typeof filedMailSchema>>;

export const MAIL_FORMAT: JournalFormat<SealedMail, FiledMail> = {
  schema: sealedMailSchema,
  payload: 'message.eml',
  digest: 'emlSha256',
  filed: filedMailSchema,
};

export type MailJournal = EffectJournal<SealedMail, FiledMail>;
export type MailSealInput = SealInput<SealedMail>;

export function openMailJournal(options: JournalOptions): Promise<MailJournal> {
  return EffectJournal.open(options, MAIL_FORMAT);
}
