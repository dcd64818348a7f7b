import { z } from 'zod';
import type { AttemptResult, Resolution, Returned } from '../core/effect-state.ts';
import { isTaskId, type TaskId } from '../core/task-id.ts';
import { processIdentitySchema } from '../runtime/process-identity.ts';

/**
 * The files of a generation, as they stand on disk. Strict: a key that is not ours makes it a foreign file. What is sealed
 * and what is filed differ by the kind of effect: `JournalFormat` says how.
 */

/** In every `sealed.json`; a format adds what its effect needs. */
export interface SealedCommon {
  readonly id: TaskId;
  /** Canonical hash of what was approved. */
  readonly hash: string;
  readonly noteName: string;
  readonly noteText: string;
  /** As whom it happens. */
  readonly account: string;
  readonly approval: { readonly who: string; readonly when: string; readonly hash: string };
  /** RFC 3339, UTC. */
  readonly sealedAt: string;
  /** The generation: 1, and one more each time a task that did not happen is approved anew. */
  readonly seal: number;
}

/** How one kind of effect is kept. */
export interface JournalFormat<Sealed extends SealedCommon, Filed extends { readonly at: string }> {
  readonly schema: z.ZodType<Sealed>;
  /** The file beside `sealed.json` that holds exactly what will happen. */
  readonly payload: 'message.eml' | 'target.json';
  /** The key of `sealed.json` with the SHA-256 of that file, lower-case hex. */
  readonly digest: 'emlSha256' | 'payloadSha256';
  readonly filed: z.ZodType<Filed>;
}

/** The shape of the common keys, for the schema of a format. */
export const sealedShape = {
  id: z.string().refine(isTaskId),
  hash: z.string().min(1).max(200),
  noteName: z.string().min(1).max(255),
  noteText: z.string().max(2_097_152),
  account: z.string().max(320),
  approval: z.strictObject({ who: z.string().max(200), when: z.string().max(64), hash: z.string().max(200) }),
  sealedAt: z.iso.datetime(),
  seal: z.int().min(1),
};

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
  how: z.enum([
    'found_in_sent',
    'found_in_report',
    'user_sent',
    'user_resend',
    'found_posted',
    'found_not_posted',
  ]),
  at: when,
  evidence: words,
});

export const returnedSchema = z.strictObject({
  at: when,
  notice: z.string().min(1).max(200),
  words,
  recipients: z.array(z.string().max(1000)).max(200).readonly(),
});
export type ReturnRecord = z.infer<typeof returnedSchema>;

export function stateResult(record: ResultRecord): AttemptResult {
  return { ...record, at: Date.parse(record.at) };
}

export function stateReturned(record: ReturnRecord): Returned {
  return { ...record, at: Date.parse(record.at) };
}

export function stateResolution(record: z.infer<typeof resolutionSchema>): Resolution {
  return { ...record, at: Date.parse(record.at) };
}
