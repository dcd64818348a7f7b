import { z } from 'zod';
import { boundedFetch } from '../drafting/bounded-fetch.ts';
import { drafterFaults, type DrafterSettings, drafterSettings } from '../drafting/open-drafter.ts';
import { loadConfig } from '../runtime/config.ts';
import { type EdgeOptions, fine, type Finding, found, inTime, off, shown } from './doctor-check.ts';
import { orConfigFindings } from './doctor-config.ts';

const KEYS = [
  'DRAFTER',
  'DRAFTER_MODEL',
  'DRAFTER_BASE_URL',
  'DRAFTER_API_KEY',
  'DRAFTER_TIMEOUT_SECONDS',
] as const;
const DEADLINE_MS = 15_000;
const ANTHROPIC_URL = 'https://api.anthropic.com/v1';
/** https://docs.anthropic.com/en/api/versioning */
const ANTHROPIC_VERSION = '2023-06-01';

/** Does the model server take the key, and has it the model? Asks for its list of models, which costs nothing. */
export async function checkModel({ env }: EdgeOptions): Promise<readonly Finding[]> {
  const all = await orConfigFindings(() => {
    const settings = drafterSettings(loadConfig(KEYS, env));
    return inTime('model', look(settings));
  });
  return all.map(shown);
}

async function look(settings: DrafterSettings): Promise<readonly Finding[]> {
  if (settings.drafter === 'template') return [off('model', 'DRAFTER=template: no model is used')];
  const faults = drafterFaults(settings);
  if (faults.length > 0) return faults.map((words) => found('model-settings', words));
  return [await ask(settings)];
}

async function ask(settings: DrafterSettings): Promise<Finding> {
  const { model } = settings;
  const { url, headers } = questionOf(settings);
  const where = new URL(url).host;
  let response: Response;
  try {
    response = await boundedFetch(url, { headers, signal: AbortSignal.timeout(DEADLINE_MS) });
  } catch (error) {
    return found('model-unreachable', `${where}: ${reasonOf(error)}`);
  }
  const { status } = response;
  if (status === 401 || status === 403) return found('model-key', `${where} refuses the key (${status})`);
  if (status === 429) return found('model-busy', `${where} is over its limit (429)`);
  if (status >= 500) return found('model-unreachable', `${where} answers with an error (${status})`);
  const names = status === 200 ? await namesIn(response) : null;
  if (settings.drafter === 'anthropic' && (status === 404 || (names !== null && !names.includes(model)))) {
    return found('model-unknown', `${where} has no model "${model}"`);
  }
  if (names === null) {
    return found('model-odd', `${where} takes the call but gives no list of models (${status})`);
  }
  if (names.includes(model)) return fine('model', `${where} has the model ${model}, and takes the key`);
  return found('model-unknown', `${where} has no model "${model}"; it has: ${someOf(names)}`);
}

/** https://docs.anthropic.com/en/api/models and https://platform.openai.com/docs/api-reference/models/list */
function questionOf({ drafter, model, baseUrl, apiKey }: DrafterSettings) {
  if (drafter === 'anthropic') {
    const base = baseUrl === '' ? ANTHROPIC_URL : baseUrl;
    return {
      url: `${trimmed(base)}/models/${encodeURIComponent(model)}`,
      headers: { 'x-api-key': apiKey, 'anthropic-version': ANTHROPIC_VERSION },
    };
  }
  const headers: Record<string, string> = apiKey === '' ? {} : { authorization: `Bearer ${apiKey}` };
  return { url: `${trimmed(baseUrl)}/models`, headers };
}

const trimmed = (url: string): string => url.replace(/\/+$/, '');

const one = z.object({ id: z.string().max(200) });
const answer = z.union([z.object({ data: z.array(one).max(10_000) }), one]);

/** Null: the answer is not what either provider documents. */
async function namesIn(response: Response): Promise<readonly string[] | null> {
  try {
    const said = answer.safeParse(await response.json());
    if (!said.success) return null;
    return 'data' in said.data ? said.data.data.map(({ id }) => id) : [said.data.id];
  } catch {
    return null;
  }
}

const SHOWN = 5;

function someOf(names: readonly string[]): string {
  if (names.length === 0) return 'none';
  return `${names.slice(0, SHOWN).join(', ')}${names.length > SHOWN ? ` and ${names.length - SHOWN} more` : ''}`;
}

/** Never the text of the error as a whole: it may hold the address with a key in it. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'it cannot be reached';
  if (error.name === 'TimeoutError') return `no answer within ${DEADLINE_MS / 1000} s`;
  const { cause } = error;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  return /^[A-Z_]{3,40}$/.test(code)
    ? `it cannot be reached (${code})`
    : 'it cannot be reached, or sends us elsewhere';
}
