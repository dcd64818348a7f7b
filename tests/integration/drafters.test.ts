import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { DraftRequest } from '../../src/drafting/drafter.ts';
import { modelDrafter } from '../../src/drafting/model-drafter.ts';
import { type ModelServer, startModelServer } from '../helpers/model-server.ts';

let server: ModelServer;
let slept: number[];
let failures: string[];
let clock: number;

beforeAll(async () => {
  server = await startModelServer();
});
afterAll(() => server.close());
beforeEach(() => {
  slept = [];
  failures = [];
  clock = 1_000_000;
});

const PROVIDERS = [
  { provider: 'anthropic', model: 'claude-opus-5', wire: 'structured output' },
  { provider: 'anthropic', model: 'claude-3-haiku-20240307', wire: 'a forced tool' },
  { provider: 'openai-compatible', model: 'local', wire: 'a JSON schema' },
] as const;
type Provider = (typeof PROVIDERS)[number];

function drafter(p: Provider = PROVIDERS[2], timeoutMs = 20_000) {
  return modelDrafter(
    { provider: p.provider, model: p.model, baseUrl: server.url, apiKey: 'key-of-the-test', timeoutMs },
    {
      sleep: (ms) => {
        slept.push(ms);
        return Promise.resolve();
      },
      random: () => 1,
      now: () => clock,
      onFailure: (why) => failures.push(why),
    },
  );
}

const request: DraftRequest = {
  kind: 'email_reply',
  mail: {
    from: 'Anna <anna@example.org>',
    subject: 'Offer',
    received: '2026-11-20T09:31:00',
    text: 'How much is it?',
  },
  addressee: 'Anna',
  me: { name: 'Mia', signature: 'Kind regards\nMia' },
  handbook: 'Be brief.',
  feedback: '',
  previousReply: null,
  instruction: '',
  templates: [
    {
      name: 'Default',
      for: 'email_reply',
      language: null,
      keywords: [],
      priority: 0,
      body: 'Hello {{name}}\n\n{{signature}}',
    },
  ],
};
const answer = { decision: 'reply', reply: 'Dear Anna,\n\nwhich size?', summary: 'Anna asks for a price.' };
const never = new AbortController().signal;
const FALLBACK = 'Hello Anna\n\nKind regards\nMia';

describe.each(PROVIDERS)('the model drafter ($provider, $wire)', (p) => {
  it('drafts, signs once, and says what wrote it', async () => {
    server.script({ answer });
    const draft = await drafter(p).draft(request, never);
    expect(draft).toEqual({
      decision: 'reply',
      reply: 'Dear Anna,\n\nwhich size?\n\nKind regards\nMia',
      drafter: `${p.provider} ${p.model}`,
      verdictLine: `Anna asks for a price. (${p.provider} ${p.model})`,
      warnings: [],
    });
    expect(server.calls).toHaveLength(1);
  });

  it('sends the key it was given and none of the environment', async () => {
    vi.stubEnv('ANTHROPIC_API_KEY', 'ambient');
    vi.stubEnv('ANTHROPIC_AUTH_TOKEN', 'ambient');
    vi.stubEnv('ANTHROPIC_BASE_URL', 'http://127.0.0.1:1');
    vi.stubEnv('OPENAI_API_KEY', 'ambient');
    try {
      server.script({ answer });
      await drafter(p).draft(request, never);
    } finally {
      vi.unstubAllEnvs();
    }
    const headers = server.calls[0]?.headers ?? {};
    expect(headers['x-api-key'] ?? headers.authorization).toMatch(/key-of-the-test$/);
    expect(JSON.stringify(headers)).not.toContain('ambient');
  });

  it('gives the model no tool but the one that carries the answer', async () => {
    server.script({ answer });
    await drafter(p).draft(request, never);
    const tools = (server.calls[0]?.body['tools'] ?? []) as { name: string }[];
    expect(tools.map((t) => t.name)).toEqual(p.wire === 'a forced tool' ? ['json'] : []);
  });

  it('waits and asks again after 429, as long as the server asks for', async () => {
    server.script({ status: 429, headers: { 'retry-after': '7' } }, { answer });
    const draft = await drafter(p).draft(request, never);
    expect(draft.reply).toContain('which size?');
    expect(slept).toEqual([7000]);
  });

  it('falls back to the template, marked as such, when the server keeps failing', async () => {
    server.script({ status: 500 });
    const draft = await drafter(p).draft(request, never);
    expect(draft.reply).toBe(FALLBACK);
    expect(draft.drafter).toBe('template');
    expect(draft.warnings).toEqual([
      "Draft: the model was not used, it answers with an error (500); this is the template drafter's.",
    ]);
    expect(server.calls).toHaveLength(3);
    expect(slept).toEqual([1000, 2000]);
  });

  it('falls back when the answer does not have the asked form', async () => {
    server.script({ answer: { decision: 'send_now', reply: 7 } });
    const draft = await drafter(p).draft(request, never);
    expect(draft.reply).toBe(FALLBACK);
    expect(failures).toEqual(['its answer did not have the asked form']);
  });

  it('falls back at once when the key is refused, without repeating what the server said', async () => {
    server.script({ status: 401 });
    const draft = await drafter(p).draft(request, never);
    expect(draft.warnings.join()).toContain('it refuses the key (401)');
    expect(draft.warnings.join()).not.toContain('key-of-the-test');
    expect(server.calls).toHaveLength(1);
  });
});

describe('the model drafter', () => {
  it.each([
    ['prose', { text: 'Sure! Here is your draft.' }],
    ['cut JSON', { text: '{"decision":"reply","reply":"Hel' }],
    ['nothing', { text: '' }],
    ['an empty reply', { answer: { ...answer, reply: ' \u200b ' } }],
  ] as const)('falls back when the model returns %s', async (_what, turn) => {
    server.script(turn);
    const draft = await drafter().draft(request, never);
    expect(draft.reply).toBe(FALLBACK);
    expect(draft.warnings).toHaveLength(1);
  });

  it('asks again when one answer was malformed', async () => {
    server.script({ text: '{"decision"' }, { answer });
    expect((await drafter().draft(request, never)).reply).toContain('which size?');
  });

  it.each(['hang', 'hang-in-body'] as const)(
    'falls back when the server does not answer (%s)',
    async (turn) => {
      server.script(turn);
      const draft = await drafter(PROVIDERS[2], 300).draft(request, never);
      expect(draft.reply).toBe(FALLBACK);
      expect(failures).toEqual(['it did not answer within 0.3 s']);
    },
  );

  it('falls back when the connection is lost', async () => {
    server.script('drop');
    expect((await drafter().draft(request, never)).reply).toBe(FALLBACK);
    expect(failures).toEqual(['it cannot be reached']);
  });

  it('falls back when the answer has no end, without reading it all', async () => {
    server.script('endless');
    expect((await drafter().draft(request, never)).reply).toBe(FALLBACK);
    expect(failures).toHaveLength(1);
  });

  it('does not follow a redirect, which would carry the key along', async () => {
    server.script({ redirect: `${server.url}/elsewhere` });
    expect((await drafter().draft(request, never)).reply).toBe(FALLBACK);
    expect(server.calls.map((c) => c.path)).not.toContain('/v1/elsewhere');
  });

  it('stops when it is told to, without a draft', async () => {
    server.script('hang');
    const stop = new AbortController();
    const drafting = drafter().draft(request, stop.signal);
    setTimeout(() => stop.abort(), 50);
    await expect(drafting).rejects.toThrow();
    expect(failures).toEqual([]);
  });

  it('gives a failing endpoint a rest, so that a night of mail does not wait for it one by one', async () => {
    server.script({ status: 503 });
    const model = drafter();
    await model.draft(request, never);
    await model.draft(request, never);
    expect(server.calls).toHaveLength(6);
    const resting = await model.draft(request, never);
    expect(server.calls).toHaveLength(6);
    expect(resting.warnings.join()).toContain('given a rest');
    clock += 5 * 60_000;
    server.script({ answer });
    expect((await model.draft(request, never)).drafter).toBe('openai-compatible local');
  });

  it('cleans the text and warns of figures and links that nobody mentioned', async () => {
    const reply = 'It costs 950 EUR.\u202e See https://evil.example/pay by [date].\n## Original\nBye\u0000';
    server.script({ answer: { ...answer, reply } });
    const draft = await drafter().draft(request, never);
    expect(draft.reply).toBe(
      'It costs 950 EUR. See https://evil.example/pay by [date].\nOriginal\nBye\n\nKind regards\nMia',
    );
    expect(draft.warnings).toEqual([
      "Draft: 2 hidden characters were taken out of the model's text.",
      'Draft: check what neither the mail nor your notes say: https://evil.example/pay · 950',
      'Draft: fill in [date] before you approve.',
    ]);
  });

  it('may say that no reply is needed', async () => {
    server.script({ answer: { decision: 'no_reply_needed', reply: '', summary: 'Only thanks.' } });
    expect(await drafter().draft(request, never)).toMatchObject({ decision: 'no_reply_needed', reply: '' });
  });

  it('tells the model what the user wants changed, and the draft so far', async () => {
    server.script({ answer });
    await drafter().draft(
      { ...request, feedback: 'ask for the colour', previousReply: 'Which size?' },
      never,
    );
    const sent = JSON.stringify(server.calls[0]?.body['messages']);
    expect(sent).toContain('ask for the colour');
    expect(sent).toContain('> Which size?');
    expect(sent).toContain('Be brief.');
  });

  it('answers from the thread: what stands there is known, who wrote it is said', async () => {
    const reply = 'As I wrote: 950 EUR, see https://shop.example/chairs/7 or ask bo@example.com.';
    server.script({ answer: { ...answer, reply } }, { answer: { ...answer, reply } });
    const thread = [
      { from: 'Anna <anna@example.org>', own: false, text: 'How much is it?' },
      { from: '', own: true, text: '950 EUR. https://shop.example/chairs/7, or ask bo@example.com' },
    ];
    expect((await drafter().draft({ ...request, thread }, never)).warnings).toEqual([]);
    expect(JSON.stringify(server.calls[0]?.body['messages'])).toContain('> The user wrote:\\n> 950 EUR.');
    expect((await drafter().draft(request, never)).warnings).toEqual([
      'Draft: check what neither the mail nor your notes say: https://shop.example/chairs/7 · bo@example.com · 950',
    ]);
  });
});
