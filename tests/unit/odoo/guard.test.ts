import { describe, expect, it } from 'vitest';
import { OdooFault } from '../../../src/odoo/faults.ts';
import { canPost, POSTING_GROUPS } from '../../../src/odoo/guard/can-post.ts';
import { ADMIN_CALLS, LOOK_CALLS, TRY_CALLS } from '../../../src/odoo/guard/guard-calls.ts';
import { mayDo } from '../../../src/odoo/guard/rights.ts';
import { isRefusal, tryAndUndo } from '../../../src/odoo/guard/rolled-back.ts';
import { WAYS, type WayResult, worst } from '../../../src/odoo/guard/ways.ts';
import { GUARD_WORDS, guardRecords } from '../../../src/odoo/guard/what.ts';
import { keyExpiry } from '../../../src/odoo/key-expiry.ts';
import type { Odoo, OdooCall, OdooValue } from '../../../src/odoo/odoo.ts';

/** Answers as a function of the call; what it was asked is kept. */
function fake(version: string, answer: (call: OdooCall) => OdooValue): { odoo: Odoo; calls: OdooCall[] } {
  const calls: OdooCall[] = [];
  const call: Odoo['call'] = (asked) => {
    calls.push(asked);
    return new Promise((resolve) => resolve(answer(asked)));
  };
  return { calls, odoo: { protocol: 'json2', version, url: 'https://o.example', db: 'b', uid: 7, call } };
}

const error = (record: number, message: string) => ({ type: 'error', record, message });
const undone = (...messages: OdooValue[]): OdooValue => ({ ids: false, messages, nextrow: 0 });
const NONSENSE = "Value 'no_such_value' not found in selection field 'Status'";
/** The row behind the last one is always the nonsense. */
const nonsense = (call: OdooCall): OdooValue => error((call.args['data'] as unknown[]).length - 1, NONSENSE);

describe('a trial that is undone', () => {
  const trial = {
    model: 'account.move',
    columns: ['.id', 'state'],
    rows: [['3', 'posted']],
    harmless: ['3', 'draft'],
  };

  it('always has a row behind it that Odoo cannot understand', async () => {
    const { odoo, calls } = fake('19.0', (call) => undone(nonsense(call)));
    expect(await tryAndUndo(odoo, trial)).toEqual({ is: 'taken' });
    expect(calls[0]).toMatchObject({
      method: 'load',
      args: {
        fields: ['.id', 'state'],
        data: [
          ['3', 'posted'],
          ['3', 'no_such_value'],
        ],
      },
      context: { mode: 'update' },
    });
  });

  it.each([
    ['Odoo took all of it', { ids: [3, 3], messages: [] }],
    ['Odoo took the nonsense', undone(error(0, GUARD_WORDS))],
    ['Odoo says something else', 'fine'],
  ])('is no proof of anything when %s', async (_, answer) => {
    const { odoo } = fake('19.0', () => answer);
    await expect(tryAndUndo(odoo, trial)).rejects.toMatchObject({ code: 'malformed' });
  });

  it.each([
    [GUARD_WORDS, 'guard'],
    ["You are not allowed to modify 'Journal Entry' (account.move) records.", 'guard'],
    ["Sorry, Bot (id=5) doesn't have 'create' access to:\n- Journal Entry (account.move)", 'guard'],
    ['The period is closed.', 'other'],
  ])('tells a refusal by right from another: %s', async (words, by) => {
    const { odoo } = fake('19.0', (call) => undone(nonsense(call), error(0, words)));
    expect(await tryAndUndo(odoo, trial)).toMatchObject({ is: 'refused', by });
    expect(isRefusal(words)).toBe(by === 'guard');
  });

  it('takes what Odoo has against another row for no proof of this one', async () => {
    const rows = [
      ['3', 'draft'],
      ['3', 'posted'],
    ];
    const { odoo } = fake('19.0', (call) => undone(error(0, GUARD_WORDS), nonsense(call)));
    expect(await tryAndUndo(odoo, { ...trial, rows })).toMatchObject({ is: 'refused', by: 'other' });
  });
});

describe('canPost', () => {
  interface World {
    readonly groups?: readonly string[];
    /** Of each `load`: words against its last row; null: taken. */
    readonly refuses?: (call: OdooCall) => string | null;
    readonly lines?: readonly number[];
    readonly mayWrite?: boolean;
  }
  const world = ({ groups = [], refuses = byGuard, lines = [4], mayWrite = true }: World) =>
    fake('19.0', (call) => {
      if (call.method === 'has_group') return groups.some((group) => group === call.args['group_ext_id']);
      if (call.method === 'search_read') return lines.map((id) => ({ id }));
      if (call.method === 'has_access') return mayWrite;
      const words = refuses(call);
      const rows = call.args['data'] as unknown[];
      return undone(nonsense(call), ...(words === null ? [] : [error(rows.length - 2, words)]));
    });
  const tried = (call: OdooCall): readonly string[] => (call.args['data'] as string[][]).at(-2) ?? [];
  const byGuard = (call: OdooCall): string | null =>
    /posted|at_date/.test(tried(call).join()) ? GUARD_WORDS : null;

  it('says no when everything is refused by the guard', async () => {
    const { odoo, calls } = world({});
    expect(await canPost(odoo)).toBe('no');
    expect(calls.length).toBeLessThan(12);
    expect(calls.map(({ method }) => method)).not.toContain('action_post');
  });

  it.each(POSTING_GROUPS.map(({ group }) => group))('says yes for a user in %s', async (group) => {
    expect(await canPost(world({ groups: [group] }).odoo)).toBe('yes');
  });

  it.each(['posted', 'at_date'])('says yes when %s is taken', async (value) => {
    const refuses = (call: OdooCall) => (tried(call).includes(value) ? null : byGuard(call));
    expect(await canPost(world({ refuses }).odoo)).toBe('yes');
  });

  it('says unknown when it was refused for another reason, or nothing at all is taken', async () => {
    const closed = (call: OdooCall) => (byGuard(call) === null ? null : 'The period is closed.');
    expect(await canPost(world({ refuses: closed }).odoo)).toBe('unknown');
    expect(await canPost(world({ refuses: () => 'There is no journal.' }).odoo)).toBe('unknown');
    expect(await canPost(world({ refuses: () => 'no', mayWrite: false }).odoo)).toBe('no');
  });

  it.each([
    ['unsupported', 'unknown'],
    ['refused', 'unknown'],
    ['unreachable', 'throws'],
    ['authentication', 'throws'],
    ['malformed', 'throws'],
  ] as const)('a fault "%s" is %s', async (code, then) => {
    const { odoo } = fake('19.0', () => {
      throw new OdooFault(code, code);
    });
    if (then === 'throws') await expect(canPost(odoo)).rejects.toMatchObject({ code });
    else expect(await canPost(odoo)).toBe(then);
  });

  it.each([
    ['19.0', 'at_date'],
    ['15.0', '1'],
  ])('knows how Odoo %s has a draft posted by the clock', async (version, value) => {
    const { odoo, calls } = world({});
    await canPost({ ...odoo, version });
    expect(calls.some((call) => call.method === 'load' && tried(call).includes(value))).toBe(true);
  });
});

describe('rights', () => {
  it('are asked as the version knows it', async () => {
    const now = fake('19.0', () => true);
    expect(await mayDo(now.odoo, 'account.move', 'write', [5])).toBe(true);
    expect(now.calls.map(({ method, args }) => [method, args['ids']])).toEqual([['has_access', [5]]]);
    const before = fake('16.0', () => true);
    expect(await mayDo(before.odoo, 'account.move', 'write', [5])).toBe(true);
    expect(before.calls.map(({ method }) => method)).toEqual(['check_access_rights', 'check_access_rule']);
  });

  it('to a model that is not installed nobody has', async () => {
    const { odoo } = fake('19.0', () => {
      throw new OdooFault('unsupported', 'no such model');
    });
    expect(await mayDo(odoo, 'base.automation', 'create')).toBe(false);
  });
});

describe('the rules', () => {
  const model = (version: string) => guardRecords(version).map((record) => record.model);

  it.each(['14.0', '15.0', '16.0'])('on %s an automation is one record', (version) => {
    expect(model(version)).not.toContain('ir.actions.server');
    const rules = guardRecords(version).filter((record) => record.model === 'base.automation');
    for (const { values } of rules) expect(values).toMatchObject({ state: 'code', active: true });
  });

  it.each(['17.0', '18.0', '19.0', '20.0'])('on %s its action is one of its own', (version) => {
    expect(model(version).filter((name) => name === 'ir.actions.server')).toHaveLength(2);
  });

  it('make nothing that is referred to before it is there, and give rights last', () => {
    for (const version of ['14.0', '19.0']) {
      const records = guardRecords(version);
      const made = new Set<string>();
      for (const { key, values } of records) {
        const refs = JSON.stringify(values).match(/"record":"(handover_bridge[^"]+)"/g) ?? [];
        for (const ref of refs) expect(made).toContain(ref.slice('"record":"'.length, -1));
        made.add(key);
      }
      expect(records.slice(-3).map((record) => record.model)).toEqual(Array(3).fill('ir.model.access'));
    }
  });

  it('ask what the clock may do as the version knows it', () => {
    const domains = (version: string): string => JSON.stringify(guardRecords(version));
    expect(domains('19.0')).toContain("('auto_post', '=', 'no')");
    expect(domains('15.0')).toContain("('auto_post', '=', False)");
  });
});

describe('the list of ways', () => {
  const result = (way: keyof typeof WAYS, fate: WayResult['fate']): WayResult => ({ way, fate, why: fate });

  it('keeps the worst of each, and takes what was not looked at for not proved', () => {
    const results = worst([
      result('cancel', 'refused'),
      result('cancel', 'open'),
      result('reset', 'not_tried'),
    ]);
    expect(results.map(({ way }) => way)).toEqual(Object.keys(WAYS));
    const fate = (way: string) => results.find((one) => one.way === way)?.fate;
    expect([fate('cancel'), fate('reset'), fate('entry')]).toEqual(['open', 'not_tried', 'unproved']);
  });
});

describe('what each list of calls allows', () => {
  const methods = (list: typeof LOOK_CALLS): string[] =>
    Object.entries(list.models).flatMap(([name, entry]) =>
      Object.keys(entry.methods).map((method) => `${name}.${method}`),
    );

  it('the look on the cloud writes nothing but what is undone', () => {
    const writing = Object.entries(LOOK_CALLS.models).flatMap(([name, entry]) =>
      Object.entries(entry.methods).flatMap(([method, { writes }]) => (writes ? [`${name}.${method}`] : [])),
    );
    expect(writing.sort()).toEqual(['account.move.line.load', 'account.move.load']);
  });

  it('only the check may press the button, and nobody with an administrator key touches documents', () => {
    expect(methods(LOOK_CALLS)).not.toContain('account.move.action_post');
    expect(methods(TRY_CALLS)).toContain('account.move.action_post');
    expect(methods(ADMIN_CALLS).filter((name) => name.startsWith('account.'))).toEqual([]);
  });
});

describe('keyExpiry', () => {
  const NOW = Date.parse('2026-11-20T12:00:00Z');
  const key = (end: string | false, scope: string | false = 'rpc') => ({
    id: 1,
    scope,
    expiration_date: end,
  });
  const at = (text: string): number => Date.parse(text);

  it.each([
    ['the only one', [key('2026-12-01 00:00:00')], at('2026-12-01T00:00:00Z')],
    [
      'the earliest that is good',
      [key('2027-01-01 00:00:00'), key('2026-12-01 00:00:00')],
      at('2026-12-01T00:00:00Z'),
    ],
    [
      'not one that has ended',
      [key('2026-11-01 00:00:00'), key('2026-12-01 00:00:00')],
      at('2026-12-01T00:00:00Z'),
    ],
    [
      'the latest when all have ended',
      [key('2026-11-01 00:00:00'), key('2026-11-19 00:00:00')],
      at('2026-11-19T00:00:00Z'),
    ],
    ['none for one without end', [key(false)], null],
    [
      'not one for another purpose',
      [key('2026-12-01 00:00:00', 'calendar'), key('2027-01-01 00:00:00', false)],
      at('2027-01-01T00:00:00Z'),
    ],
  ])('%s', async (_, rows, expected) => {
    const { odoo } = fake('19.0', () => rows);
    expect(await keyExpiry(odoo, '2030-01-02', NOW)).toEqual({ at: expected, source: 'odoo' });
  });

  it.each([
    ['knows no end of keys', '17.0', () => []],
    ['shows none', '19.0', () => []],
    [
      'does not let it look',
      '19.0',
      (): OdooValue => {
        throw new OdooFault('access', 'no');
      },
    ],
  ])('takes what is configured when Odoo %s', async (_, version, answer) => {
    const { odoo } = fake(version, answer);
    expect(await keyExpiry(odoo, '2030-01-02', NOW)).toEqual({
      at: Date.parse('2030-01-02T00:00:00Z'),
      source: 'configured',
    });
    expect(await keyExpiry(odoo, '', NOW)).toEqual({ at: null, source: 'none' });
  });

  it('does not hide that Odoo is away', async () => {
    const { odoo } = fake('19.0', () => {
      throw new OdooFault('unreachable', 'away');
    });
    await expect(keyExpiry(odoo, '2030-01-02', NOW)).rejects.toMatchObject({ code: 'unreachable' });
  });
});
