import type { Clock } from '../runtime/clock.ts';
import type { Drafter, RequestReviser } from './drafter.ts';
import { templateDrafter } from './template-drafter.ts';

/** As configured: `DRAFTER`, `DRAFTER_MODEL`, `DRAFTER_BASE_URL`, `DRAFTER_API_KEY`, the time limit. */
export interface DrafterSettings {
  readonly drafter: 'template' | 'anthropic' | 'openai-compatible';
  readonly model: string;
  /** '' for the provider's own. */
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly timeoutMs: number;
}

/** The keys as runtime/config.ts reads them. */
export function drafterSettings(config: {
  readonly DRAFTER: DrafterSettings['drafter'];
  readonly DRAFTER_MODEL: string;
  readonly DRAFTER_BASE_URL: string;
  readonly DRAFTER_API_KEY: string;
  readonly DRAFTER_TIMEOUT_SECONDS: number;
}): DrafterSettings {
  return {
    drafter: config.DRAFTER,
    model: config.DRAFTER_MODEL,
    baseUrl: config.DRAFTER_BASE_URL,
    apiKey: config.DRAFTER_API_KEY,
    timeoutMs: config.DRAFTER_TIMEOUT_SECONDS * 1000,
  };
}

/** What is missing for the drafter that was asked for, a sentence each naming the variable. */
export function drafterFaults(settings: DrafterSettings): readonly string[] {
  if (settings.drafter === 'template') return [];
  const faults: string[] = [];
  const { baseUrl } = settings;
  if (settings.model === '') faults.push('DRAFTER_MODEL is missing');
  if (settings.drafter === 'anthropic' && settings.apiKey === '') faults.push('DRAFTER_API_KEY is missing');
  if (settings.drafter === 'openai-compatible' && baseUrl === '') faults.push('DRAFTER_BASE_URL is missing');
  if (baseUrl !== '' && !/^https?:\/\/[^/]/.test(baseUrl))
    faults.push('DRAFTER_BASE_URL must begin with https:// or http://');
  return faults;
}

/** The model's library is only loaded where a model is used: it costs 30 MB of memory. */
export async function openDrafter(
  settings: DrafterSettings,
  deps: { readonly clock: Clock; readonly random: () => number; readonly onFailure: (why: string) => void },
): Promise<Drafter> {
  if (settings.drafter === 'template') return templateDrafter;
  const { drafter: provider, model, baseUrl, apiKey, timeoutMs } = settings;
  const { clock, random, onFailure } = deps;
  const { modelDrafter } = await import('./model-drafter.ts');
  return modelDrafter(
    { provider, model, baseUrl, apiKey, timeoutMs },
    { sleep: (ms, signal) => clock.sleep(ms, signal), random, now: () => clock.now(), onFailure },
  );
}

/** Null with the template drafter: it follows no words. */
export async function openReviser(
  settings: DrafterSettings,
  deps: { readonly clock: Clock; readonly random: () => number },
): Promise<RequestReviser | null> {
  if (settings.drafter === 'template') return null;
  const { drafter: provider, model, baseUrl, apiKey, timeoutMs } = settings;
  const { requestReviser } = await import('./request-reviser.ts');
  return requestReviser(
    { provider, model, baseUrl, apiKey, timeoutMs },
    { sleep: (ms, signal) => deps.clock.sleep(ms, signal), random: deps.random },
  );
}
