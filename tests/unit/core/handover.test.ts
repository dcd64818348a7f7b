import { describe, expect, it } from 'vitest';
import { type HandoverFacts, handoverChart, handoverLines } from '../../../src/core/handover.ts';

const calm: HandoverFacts = {
  link: { known: true, connected: true, since: 1 },
  replier: { presence: 'alive', state: 'ok', reason: null },
  takeOver: { on: false, since: null, drafted: 0 },
  away: null,
  sync: { state: 'in_step' },
  stoppedAt: null,
};
const lines = (change: Partial<HandoverFacts>) =>
  handoverLines(
    { ...calm, ...change },
    (ms) => `t${ms}`,
    (text) => text.toUpperCase(),
  );

describe('the handover in a few lines', () => {
  it('is two lines when all is well', () => {
    expect(lines({})).toEqual(['Cloud: connected, drafting', 'Sync: in step']);
  });

  it('says since when the cloud is gone and who drafts meanwhile', () => {
    expect(
      lines({
        link: { known: true, connected: false, since: 5 },
        replier: { presence: 'silent', lastSeen: 4 },
        takeOver: { on: true, since: 9, drafted: 3 },
      }),
    ).toEqual([
      'Cloud: **not connected since t5**; its drafter was last seen t4',
      "**This laptop drafts in the cloud's place since t9**: 3 so far",
      'Sync: waits for the connection',
    ]);
  });

  it('says what came while the laptop was away', () => {
    const away = { from: 1, to: 2, meanwhile: { came: 12, drafted: 6, skipped: 5 } };
    expect(lines({ away })[0]).toBe(
      'This laptop was away from t1 to t2; meanwhile 12 mails came, 6 drafted, 5 skipped',
    );
    expect(lines({ away: { ...away, meanwhile: { came: 1, drafted: 1, skipped: 0 } } })[0]).toBe(
      'This laptop was away from t1 to t2; meanwhile 1 mail came, 1 drafted',
    );
    expect(lines({ away: { ...away, meanwhile: { came: 0, drafted: 0, skipped: 0 } } })[0]).toContain(
      'no mail',
    );
    expect(lines({ away: { ...away, meanwhile: null } })[0]).toBe('This laptop was away from t1 to t2');
  });

  it('counts what is to come in steps of ten, so that the page does not tick', () => {
    const behind = (files: number) => lines({ sync: { state: 'behind', files } }).at(-1);
    expect(new Set([100, 150, 999].map(behind)).size).toBe(1);
    expect(behind(1)).toBe('Sync: a few files still to come');
    expect(behind(12_345)).toBe('Sync: more than 10000 files still to come');
  });

  it('makes the words of Syncthing harmless and says when nobody answers', () => {
    expect(lines({ sync: { state: 'stopped', why: 'why' } }).at(-1)).toBe('Sync: **stopped**: WHY');
    expect(
      lines({ sync: { state: 'unreachable' }, link: { known: false, connected: false, since: null } }),
    ).toEqual(['Cloud: drafting', expect.stringContaining('does not answer')]);
  });

  it('leaves word when it stops', () => {
    expect(lines({ stoppedAt: 7 })[0]).toContain('The laptop is off since t7');
  });
});

describe('the chart of who was there when', () => {
  const HOUR = 3_600_000;
  const at = (ms: number) => `t${ms / HOUR}`;
  const chart = (change: Partial<HandoverFacts>, now = 100.4 * HOUR) =>
    handoverChart({ ...calm, ...change }, now, at);
  const away = { from: 90 * HOUR, to: 98 * HOUR, meanwhile: null };

  it('is not there for what one line says', () => {
    expect(chart({})).toBe('');
    expect(chart({ away })).toBe('');
  });

  it('draws two gaps or more, and what goes on to the last full hour', () => {
    const facts: Partial<HandoverFacts> = {
      away,
      replier: { presence: 'silent', lastSeen: 95 * HOUR },
      takeOver: { on: true, since: 100.3 * HOUR, drafted: 1 },
    };
    expect(chart(facts).split('\n')).toEqual([
      ...['```mermaid', 'gantt', '  dateFormat YYYY-MM-DD HH:mm', '  axisFormat %H:%M'],
      ...['  laptop away :t90, t98', '  cloud silent :t95, t100', '  laptop drafts :t100.3, t100.55', '```'],
    ]);
    expect(chart(facts, 100.9 * HOUR)).toBe(chart(facts));
  });

  it('reaches two days back', () => {
    const replier = { presence: 'stopped', lastSeen: HOUR } as const;
    expect(chart({ away, replier })).toContain('cloud silent :t52, t100');
    expect(chart({ away, replier }, 146 * HOUR)).toBe('');
  });
});
