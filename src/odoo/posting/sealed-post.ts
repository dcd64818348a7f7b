import { z } from 'zod';
import { EffectJournal, type JournalOptions } from '../../journal/journal.ts';
import { type JournalFormat, sealedShape } from '../../journal/journal-records.ts';

/** How a posting is kept in the journal: `sealed.json`, `target.json`, `filed.json`. */

const property = z.union([z.string().max(2000), z.number(), z.null()]);

/** What is posted: the card as it was approved, and in which Odoo. `target.json` holds exactly this. */
const postTargetSchema = z.strictObject({
  id: z.string().max(40),
  kind: z.enum(['odoo_invoice', 'odoo_bill', 'odoo_credit_note']),
  /** Of the `account.move`. */
  odooId: z.int().min(1),
  /** `module.name`, the key the draft was made under. */
  externalId: z.string().min(3).max(200),
  /** The text of `## Invoice`; its last line is the fingerprint over everything else. */
  section: z.string().min(1).max(1_048_576),
  properties: z.record(z.string().max(100), property).readonly(),
  /** It was posted once and set back to draft, the user was told so and said yes again. */
  again: z.boolean(),
  /** ODOO_URL and ODOO_DB at sealing: a card is never carried out in another Odoo. */
  url: z.string().min(1).max(2000),
  db: z.string().min(1).max(200),
});
export type PostTarget = Readonly<z.infer<typeof postTargetSchema>>;

const sealedPostSchema = z.strictObject({
  ...sealedShape,
  /** Told apart from a mail by it. */
  kind: z.literal('odoo_post'),
  odooId: postTargetSchema.shape.odooId,
  externalId: postTargetSchema.shape.externalId,
  url: postTargetSchema.shape.url,
  db: postTargetSchema.shape.db,
  /** Of `target.json`. */
  payloadSha256: z.string().regex(/^[0-9a-f]{64}$/),
});
export type SealedPost = Readonly<z.infer<typeof sealedPostSchema>>;

/** `fetched`: number and PDF were given to the handler. */
const filedPostSchema = z.strictObject({ how: z.literal('fetched'), at: z.iso.datetime() });
type FiledPost = Readonly<z.infer<typeof filedPostSchema>>;

export const POST_FORMAT: JournalFormat<SealedPost, FiledPost> = {
  schema: sealedPostSchema,
  payload: 'target.json',
  digest: 'payloadSha256',
  filed: filedPostSchema,
};

export type PostJournal = EffectJournal<SealedPost, FiledPost>;

export function openPostJournal(options: JournalOptions): Promise<PostJournal> {
  return EffectJournal.open(options, POST_FORMAT);
}

/** The bytes of `target.json`: the same target, the same bytes. */
export function targetBytes(target: PostTarget): Uint8Array {
  const { id, kind, odooId, externalId, section, properties, again, url, db } = target;
  const sorted = Object.fromEntries(Object.entries(properties).sort(([a], [b]) => (a < b ? -1 : 1)));
  const canonical = { id, kind, odooId, externalId, section, properties: sorted, again, url, db };
  return Buffer.from(`${JSON.stringify(canonical)}\n`, 'utf8');
}

/** @throws SyntaxError or z.ZodError when the bytes hold no target; the journal has compared their digest before. */
export function readTarget(bytes: Uint8Array): PostTarget {
  return postTargetSchema.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
}
