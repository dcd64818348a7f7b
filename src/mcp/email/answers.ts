import { z } from 'zod';

/** What the tools of email-mcp answer; the client holds them against the same schemas. */

const words = z.string().max(2000);
const when = z.iso.datetime();

export const sendAnswer = z.strictObject({
  result: z.enum([
    'sent',
    'sent_partly',
    'failed',
    'retry',
    'in_doubt',
    'running',
    'not_approved',
    'unreadable',
    'paused',
    'limited',
    'quiet',
    'no_account',
    'dry_run',
  ]),
  /** The server's last words, or why nothing was done. */
  words: words.optional(),
  /** `retry`, `limited`, `quiet`: not before. */
  until: when.optional(),
  /** `dry_run`: the mail as it would have left, relative to STATE_DIR. */
  file: z.string().max(200).optional(),
  /** `sent_partly`: recipients that were refused while others got the mail. */
  refused: z
    .array(z.strictObject({ address: z.string().max(1000), code: z.int(), words }))
    .max(200)
    .optional(),
});
export type SendAnswer = z.infer<typeof sendAnswer>;

export const lookAnswer = z.strictObject({ found: z.enum(['found', 'absent', 'unknown', 'not_approved']) });
export const fileAnswer = z.strictObject({
  filed: z.enum(['filed', 'already', 'off', 'unknown', 'not_sent']),
});
export const threadAnswer = z.strictObject({
  status: z.enum(['quiet', 'answered', 'newer', 'unknown', 'no_such_task']),
});

export const noticeAnswer = z.strictObject({
  result: z.enum(['sent', 'already', 'not_sent', 'off', 'paused', 'dry_run']),
  /** `not_sent`: the server's. */
  words: words.optional(),
});

export const taskAnswer = z.strictObject({
  found: z.boolean(),
  folder: z.string().optional(),
  name: z.string().optional(),
  text: z.string().optional(),
  /** True when `text` was cut. */
  cut: z.boolean().optional(),
  effect: z.string().optional(),
});
