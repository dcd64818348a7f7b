import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { APICallError, generateText, type LanguageModel, NoObjectGeneratedError, Output } from 'ai';
import type { z } from 'zod';
import { boundedFetch } from './bounded-fetch.ts';

export interface ModelSettings {
  readonly provider: 'anthropic' | 'openai-compatible';
  readonly model: string;
  /** '' is the provider's own address; an OpenAI-compatible endpoint has none. */
  readonly baseUrl: string;
  readonly apiKey: string;
  /** For all attempts of one draft together. */
  readonly timeoutMs: number;
}

/** One question to a model: its rules, what it is about, and the form of the answer. */
export interface ModelTask<T> {
  readonly rules: string;
  readonly prompt: string;
  /** Loose on the wire, where every provider supports another part of JSON Schema; lengths are checked after. */
  readonly schema: z.ZodType<T>;
}

export type ModelAnswer<T> =
  | { readonly ok: true; readonly output: T }
  /** `down`: the endpoint is at fault, not this mail; asking again at once is no use. */
  | { readonly ok: false; readonly why: string; readonly down: boolean };

export interface Waiting {
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** 0 to 1, for jitter. */
  random(): number;
}

const ATTEMPTS = 3;
const FIRST_BACKOFF_MS = 1_000;
const MAX_BACKOFF_MS = 20_000;
const MAX_OUTPUT_TOKENS = 4_000;
const ANTHROPIC_URL = 'https://api.anthropic.com/v1';

/** Key and address are always given: left out, the library takes them from the environment of the process. */
export function openModel(settings: ModelSettings): LanguageModel {
  const { provider, model, baseUrl, apiKey } = settings;
  if (provider === 'anthropic') {
    return createAnthropic({
      apiKey,
      baseURL: baseUrl === '' ? ANTHROPIC_URL : baseUrl,
      fetch: boundedFetch,
    })(model);
  }
  return createOpenAICompatible({
    name: 'drafter',
    baseURL: baseUrl,
    ...(apiKey === '' ? {} : { apiKey }),
    fetch: boundedFetch,
    supportsStructuredOutputs: true,
  })(model);
}

/** Asks until there is a usable answer, the attempts are used up, or the time is. Never rejects. */
export async function askModel<T>(
  model: LanguageModel,
  task: ModelTask<T>,
  deps: { readonly timeoutMs: number; readonly signal: AbortSignal; readonly waiting: Waiting },
): Promise<ModelAnswer<T>> {
  const deadline = AbortSignal.timeout(deps.timeoutMs);
  const signal = AbortSignal.any([deadline, deps.signal]);
  let last: Failure = { why: 'it was not asked', again: false, down: true };
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    try {
      const { output } = await generateText({
        model,
        system: task.rules,
        prompt: task.prompt,
        output: Output.object({ schema: task.schema, name: 'draft' }),
        maxOutputTokens: MAX_OUTPUT_TOKENS,
        // Our own loop waits: it can be stopped, and honours the deadline.
        maxRetries: 0,
        abortSignal: signal,
      });
      return { ok: true, output };
    } catch (error) {
      last = deadline.aborted ? timedOut(deps.timeoutMs) : failure(error);
    }
    if (!last.again || attempt === ATTEMPTS || signal.aborted) break;
    await deps.waiting.sleep(backoffMs(attempt, last.afterMs, deps.waiting.random()), signal);
    if (deadline.aborted) last = timedOut(deps.timeoutMs);
  }
  return { ok: false, why: last.why, down: last.down };
}

interface Failure {
  readonly why: string;
  readonly again: boolean;
  readonly down: boolean;
  /** What the server asked to wait. */
  readonly afterMs?: number;
}

function timedOut(ms: number): Failure {
  return { why: `it did not answer within ${Math.round(ms / 100) / 10} s`, again: false, down: true };
}

/** Words for the card: never the server's own text, which may hold the prompt or a part of the key. */
function failure(error: unknown): Failure {
  if (NoObjectGeneratedError.isInstance(error)) {
    return { why: 'its answer did not have the asked form', again: true, down: false };
  }
  if (!APICallError.isInstance(error))
    return { why: 'its answer could not be used', again: false, down: false };
  const { statusCode } = error;
  if (statusCode === undefined) return { why: 'it cannot be reached', again: true, down: true };
  if (statusCode < 300) return { why: 'its answer could not be read', again: true, down: false };
  const afterMs = retryAfterMs(error.responseHeaders?.['retry-after']);
  return {
    why:
      statusCode === 401 || statusCode === 403
        ? `it refuses the key (${statusCode})`
        : statusCode === 429
          ? 'it is over its limit (429)'
          : `it answers with an error (${statusCode})`,
    again: statusCode === 408 || statusCode === 409 || statusCode === 429 || statusCode >= 500,
    down: statusCode !== 400 && statusCode !== 413 && statusCode !== 422,
    ...(afterMs === null ? {} : { afterMs }),
  };
}

function retryAfterMs(header: string | undefined): number | null {
  return header !== undefined && /^\d{1,6}$/.test(header) ? Number(header) * 1000 : null;
}

function backoffMs(attempt: number, askedMs: number | undefined, random: number): number {
  const own = FIRST_BACKOFF_MS * 2 ** (attempt - 1) * (0.5 + random / 2);
  return Math.min(Math.max(own, askedMs ?? 0), MAX_BACKOFF_MS);
}
