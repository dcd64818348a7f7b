import { z } from 'zod';

/** What the live tools of odoo-mcp answer; the client holds them against the same schemas. */

const words = z.string().max(4000);
const lines = z.array(z.string().max(4000)).max(200);
const property = z.union([z.string().max(2000), z.number(), z.null()]);

const changedDraft = z
  .strictObject({
    section: z.string().max(1_048_576).describe('what the card would show now'),
    properties: z.record(z.string().max(100), property),
    lines: lines.describe('what differs from the card'),
  })
  .nullable();

export const draftStatusAnswer = z.strictObject({
  is: z.enum([
    'as_shown',
    'changed',
    'deleted',
    'reset',
    'posted',
    'cancelled',
    'refused',
    'unknown',
    'no_such_task',
  ]),
  changed: changedDraft.describe('`changed`, and `reset` when it differs as well; null otherwise'),
  number: z.string().max(200).nullable().describe('`posted`, `reset`: its number in Odoo'),
  closedPeriod: words.nullable().describe('`as_shown`: Odoo’s words that it would be booked on another day'),
  words: words.describe('`refused`, `unknown`: why'),
});
export type DraftStatusAnswer = z.infer<typeof draftStatusAnswer>;

export const postAnswer = z.strictObject({
  result: z.enum([
    'posted',
    'failed',
    'retry',
    'in_doubt',
    'running',
    'not_approved',
    'unreadable',
    'paused',
    'limited',
    'dry_run',
  ]),
  /** Under which number, or why not. */
  words: words.optional(),
  /** `retry`, `limited`: not before. */
  until: z.iso.datetime().optional(),
  /** `dry_run`: what would have been posted, relative to STATE_DIR. */
  file: z.string().max(200).optional(),
});
export type PostAnswer = z.infer<typeof postAnswer>;

export const postingStatusAnswer = z.strictObject({
  is: z.enum(['posted', 'not_posted', 'changed', 'unknown', 'not_approved']),
  words,
});

export const postedAnswer = z.strictObject({
  posted: z
    .strictObject({
      odooId: z.int(),
      number: z.string().max(200),
      date: z.string().max(20),
      dueDate: z.string().max(20).nullable(),
      bookedOn: z
        .string()
        .max(20)
        .optional()
        .describe('accounting date, where it is another day than `date`'),
      total: z.number(),
      currency: z.string().max(20),
      partner: z.string().max(2000),
      partnerEmail: z.string().max(2000),
      link: z.string().max(4000).describe('opens it in Odoo'),
      pdf: z
        .strictObject({
          file: z.string().max(400).describe('relative to STATE_DIR'),
          name: z.string().max(200),
          sha256: z.string().max(64),
        })
        .nullable(),
      pdfWords: words.describe('why there is no PDF'),
      differs: lines.describe('what is posted and was not on the approved card'),
    })
    .nullable()
    .describe('null: nothing was posted under this id'),
});
