import { z } from 'zod';
import type { AttemptResult, Resolution } from '../../core/effect-state.ts';
import { isTaskId } from '../../core/task-id.ts';
import { processIdentitySchema } from '../../runtime/process-identity.ts';

/** The files of a generation, as they stand on disk. Strict: a key that is not ours makes it a foreign file. */

const when = z.iso.datetime();
const words = z.string().max(2000);
const cause = z.enum([
  'network',
  'timeout',
  'tls',
  'authentication',
  'server',
  'recipients',
  'content',
  'local',
  'aborted',
]);
const refused = z
  .array(z.strictObject({ address: z.string().max(1000), code: z.int(), words }))
  .max(200)
  .readonly();

export const sealedRecordSchema = z.strictObject({
  id: z.string().refine(isTaskId),
  /** Canonical hash of what was approved. */
  hash: z.string().min(1).max(200),
  /** With angle brackets. */
  messageId: z.string().min(3).max(998),
  envelope: z.strictObject({
    from: z.string().min(3).max(320),
    to: z.array(z.string().min(3).max(320)).min(1).max(200).readonly(),
  }),
  subject: z.string().max(2000),
  noteName: z.string().min(1).max(255),
  noteText: z.string().max(2_097_152),
  account: z.string().max(320),
  approval: z.strictObject({ who: z.string().max(200), when: z.string().max(64), hash: z.string().max(200) }),
  sealedAt: when,
  /** The generation: 1, and one more each time a task that was not sent is approved anew. */
  seal: z.int().min(1),
  /** Of `message.eml`, so that what is sent is what was sealed. */
  emlSha256: z.string().regex(/^[0-9a-f]{64}$/),
});
export type SealedRecord = Readonly<z.infer<typeof sealedRecordSchema>>;

export const attemptSchema = z.strictObject({
  n: z.int().min(1),
  kind: z.enum(['attempt', 'withdrawn']),
  at: when,
  process: processIdentitySchema,
});

export const transmittingSchema = z.strictObject({ by: z.enum(['sender', 'void']), at: when });

export const resultSchema = z.discriminatedUnion('verdict', [
  z.strictObject({ verdict: z.literal('sent'), at: when, phase: words, words }),
  z.strictObject({ verdict: z.literal('sent_partly'), at: when, phase: words, words, refused }),
  z.strictObject({ verdict: z.literal('retry'), at: when, phase: words, words, cause }),
  z.strictObject({ verdict: z.literal('failed'), at: when, phase: words, words, cause }),
  z.strictObject({ verdict: z.literal('in_doubt'), at: when, phase: words, words }),
]);
export type ResultRecord = z.infer<typeof resultSchema>;

export const resolutionSchema = z.strictObject({
  how: z.enum(['found_in_sent', 'user_sent', 'user_resend']),
  at: when,
  evidence: words,
});

export const filedSchema = z.strictObject({ how: z.enum(['filed', 'already', 'provider', 'off']), at: when });
export type FiledRecord = Readonly<z.infer<typeof filedSchema>>;

export function stateResult(record: ResultRecord): AttemptResult {
  return { ...record, at: Date.parse(record.at) };
}

export function stateResolution(record: z.infer<typeof resolutionSchema>): Resolution {
  return { ...record, at: Date.parse(record.at) };
}
