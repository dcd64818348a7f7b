import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DashboardFacts } from '../../../src/core/dashboard-facts.ts';
import { renderDashboard } from '../../../src/core/dashboard.ts';

const NOW = Date.parse('2026-11-20T14:30:00Z');
const HOUR = 3_600_000;
const ID = 'em-0123456789abcdef';

const quiet: DashboardFacts = {
  timeZone: 'Europe/Berlin',
  dryRun: false,
  pausedBy: [],
  waiting: [],
  waitingMore: 0,
  approved: [],
  needsAction: { count: 0, since: [] },
  claimed: [],
  sent: [],
  quarantined: [],
  conflicts: [],
  faults: [],
  handover: null,
  limits: [],
  processes: [
    { agent: 'cloud-agent', process: 'draft-replier', seen: { presence: 'never' } },
    {
      agent: 'local-agent',
      process: 'approval-handler',
      seen: { presence: 'alive', state: 'ok', reason: null },
    },
  ],
};

const handover = (why: string): DashboardFacts['handover'] => ({
  link: { known: true, connected: true, since: NOW },
  replier: { presence: 'alive', state: 'ok', reason: null },
  takeOver: { on: false, since: null, drafted: 0 },
  away: { from: NOW - 10 * HOUR, to: NOW - HOUR, meanwhile: { came: 3, drafted: 2, skipped: 1 } },
  sync: { state: 'stopped', why },
  stoppedAt: null,
});

describe('the dashboard', () => {
  it('tells of what is important behind doubts and what came back, and how many mails got no card', () => {
    const card = (name: string, since: number, outcome: string | null, high = false) => ({
      ...{ name, since, outcome, high },
    });
    const waiting = [
      card('old.md', NOW - 9 * HOUR, null),
      card('vip.md', NOW, null, true),
      card('back.md', NOW, 'bounced'),
      card('doubt.md', NOW, 'in_doubt'),
    ];
    const skippedToday = { count: 3, page: 'Skipped-2026-11-20.md' };
    const page = renderDashboard({ ...quiet, waiting, skippedToday }, NOW);
    expect([...page.matchAll(/^- \[\[(\w+)\]\]/gm)].map((match) => match[1])).toEqual([
      ...['doubt', 'back', 'vip', 'old'],
    ]);
    expect(page).toContain('· **important**');
    expect(page).toContain('\n\n3 mails skipped today: [[Skipped-2026-11-20]]\n');
    expect(renderDashboard({ ...quiet, skippedToday: { count: 1, page: 'x.md' } }, NOW)).toContain(
      'Nothing.\n\n1 mail skipped today: [[x]]',
    );
    expect(renderDashboard(quiet, NOW)).not.toContain('skipped today');
  });

  it('links a kept version by its folder, since the version that stands often has its name', () => {
    const page = renderDashboard(
      {
        ...quiet,
        conflicts: [
          { name: `Anna - Offer ${ID}.md`, why: 'two devices changed this note' },
          { name: 'a|b]].md', why: null },
        ],
        faults: Array.from({ length: 20 }, (_, n) => `fault ${n}`),
        handover: handover('no more room'),
      },
      NOW,
    );
    expect(page).toContain(
      `- [[Conflicts/Anna - Offer ${ID}|Anna - Offer]] · in \`Conflicts\`: two devices changed this note\n- a\\|b\\]`,
    );
    expect(page).toContain('> - fault 10\n> - and 9 more: `handover vault check` lists');
    expect(page).toContain(`## Handover

- This laptop was away from 2026-11-20 05:30 to 2026-11-20 14:30; meanwhile 3 mails came, 2 drafted, 1 skipped
- Cloud: connected, drafting
- Sync: **stopped**: no more room
`);
  });

  it('tells an invoice from a mail', () => {
    const invoice = 'od-0123456789abcdef';
    const page = renderDashboard(
      {
        ...quiet,
        waiting: [{ name: `ACME ${invoice}.md`, since: NOW - HOUR, outcome: 'dry_run' }],
        sent: [
          { name: `ACME ${invoice}.md`, task: invoice, at: NOW },
          { name: `Anna - Offer ${ID}.md`, task: ID, at: NOW },
        ],
      },
      NOW,
    );
    expect(page).toContain('dry run: nothing was posted');
    expect(page).toMatch(/## Sent and posted lately\n\n- \[\[ACME.*posted in Odoo\n- \[\[Anna.*\d\n/);
  });

  it('says that nothing waits when nothing waits', () => {
    expect(renderDashboard(quiet, NOW)).toBe(`# Dashboard

Nothing waits for you · no alarms

## Waits for you

Nothing.

## Sent lately

Nothing yet.

## Who was last seen

| Process | Agent | |
| --- | --- | --- |
| draft-replier | cloud-agent | not seen yet |
| approval-handler | local-agent | running |

---

Handover writes this page again whenever something changes, and what you write here goes then. Write into the cards, or into a note of your own.
`);
  });

  it('shows what waits with doubts first, what is under way, what was sent and what needs a look', () => {
    const page = renderDashboard(
      {
        ...quiet,
        dryRun: true,
        pausedBy: ['PAUSE.md'],
        waiting: [
          { name: `Bert - Price ${ID}.md`, since: NOW - 3 * HOUR, outcome: null },
          { name: `Cleo - Date ${ID}.md`, since: NOW - 60 * HOUR, outcome: 'bounced' },
          { name: `Anna - Offer ${ID}.md`, since: NOW - 1000, outcome: 'in_doubt' },
        ],
        waitingMore: 4,
        needsAction: { count: 2, since: [NOW - HOUR, NOW - 60_000] },
        approved: [{ name: `Dora - Yes ${ID}.md`, since: NOW }],
        claimed: [{ name: `Emil - Stuck ${ID}.md`, since: NOW - 5 * HOUR, agent: 'cloud-agent' }],
        sent: [
          { name: `Fred - Done ${ID}.md`, task: ID, at: NOW },
          { name: null, task: ID, at: NOW - HOUR },
        ],
        quarantined: [`Gina - Odd ${ID}.md`],
        faults: ['Done: is a link and not a folder'],
        processes: [
          {
            agent: 'cloud-agent',
            process: 'draft-replier',
            seen: { presence: 'silent', lastSeen: NOW - HOUR },
          },
        ],
      },
      NOW,
    );
    expect(page).toBe(`# Dashboard

**7 cards wait for you**, the oldest 2 days · **1 in doubt** · **paused** · **2 alarms**

> [!warning] Paused
> Nothing is sent while \`PAUSE.md\` is there. Delete the note to go on.

> [!info] Dry run
> Approved mails are made but not sent. Set \`DRY_RUN=false\` when you trust what you see.

> [!danger] Alarms
> - draft-replier is **silent since 2026-11-20 14:30**. Run \`pm2 restart draft-replier\`; \`pm2 logs draft-replier\` says why it stopped.
> - Done\\: is a link and not a folder

## Waits for you (7)

- [[Anna - Offer ${ID}|Anna - Offer]] · since 2026-11-20 15:29 (under an hour) · **in doubt: was it sent?**
- [[Cleo - Date ${ID}|Cleo - Date]] · since 2026-11-18 03:30 (2 days) · **came back**
- [[Bert - Price ${ID}|Bert - Price]] · since 2026-11-20 12:30 (3 hours)
- and 4 more in \`Pending_Approval\`

## Needs a look

- [[Emil - Stuck ${ID}|Emil - Stuck]] · with the cloud-agent since 2026-11-20 10:30; it goes on when that agent does
- [[Gina - Odd ${ID}|Gina - Odd]] · in \`Quarantine\`; the reason lies beside it

## Under way

- 2 to draft, the oldest since 2026-11-20 14:30 (1 hour)
- 1 being worked on
- [[Dora - Yes ${ID}|Dora - Yes]] · approved, since 2026-11-20 15:30 (under an hour)

## By age

|  | all | ≤1h | ≤4h | ≤1d | ≤3d | older |
| --- | ---: | ---: | ---: | ---: | ---: | ---: |
| Waits for you | 7 | 1 | 1 | · | 1 | · |
| To draft | 2 | 1 | 1 | · | · | · |
| With an agent | 1 | · | · | 1 | · | · |
| Approved | 1 | 1 | · | · | · | · |

Of more than two hundred in a folder the ages of two hundred are counted.

## Sent lately

- [[Fred - Done ${ID}|Fred - Done]] · 2026-11-20 15:30
- em\\-0123456789abcdef · 2026-11-20 14:30

## Who was last seen

| Process | Agent | |
| --- | --- | --- |
| draft-replier | cloud-agent | **silent since 2026-11-20 14:30** |

---

Handover writes this page again whenever something changes, and what you write here goes then. Write into the cards, or into a note of your own.
`);
  });

  it('tells of limits that are used, reached or shut, and of nothing else', () => {
    const limit = (change: Partial<DashboardFacts['limits'][number]>) => {
      const one = { of: 'mails', account: null, used: 0, perHour: 30, freeAt: null, ...change } as const;
      return /^## Limits\n\n- (.*)$/m.exec(renderDashboard({ ...quiet, limits: [one] }, NOW))?.[1];
    };
    expect(limit({})).toBeUndefined();
    expect(limit({ used: 12 })).toBe('Mails: 12 of 30 in the last hour');
    expect(limit({ used: 1, account: 'club', perHour: null })).toBe('Mails of club: 1 in the last hour');
    expect(limit({ of: 'invoices', used: 10, perHour: 10, freeAt: NOW })).toBe(
      'Invoices: **10 of 10 in the last hour**; the next may go at 15:30. `MAX_POSTS_PER_HOUR` sets the limit',
    );
    expect(limit({ perHour: 0 })).toBe('Mails: **none may leave**, `MAX_SENDS_PER_HOUR` is 0');
  });

  it('draws the handover only where one line would not tell it', () => {
    const away = { from: NOW - 10 * HOUR, to: NOW - HOUR, meanwhile: null };
    const calm = { ...handover('x'), away } as NonNullable<DashboardFacts['handover']>;
    expect(renderDashboard({ ...quiet, handover: calm }, NOW)).not.toContain('```');
    const alone = { ...calm, takeOver: { on: true, since: NOW - 2 * HOUR, drafted: 1 } };
    expect(renderDashboard({ ...quiet, handover: alone }, NOW)).toContain(
      '\n  laptop away :2026-11-20 05:30, 2026-11-20 14:30\n  laptop drafts :2026-11-20 13:30, 2026-11-20 15:00\n```\n',
    );
  });

  it('does not change from minute to minute', () => {
    const facts = { ...quiet, waiting: [{ name: `A ${ID}.md`, since: NOW, outcome: null }] };
    const pages = new Set(
      Array.from({ length: 59 }, (_, minute) => renderDashboard(facts, NOW + minute * 60_000)),
    );
    expect(pages.size).toBe(1);
  });

  it('reads hostile names and reasons as nothing but text', () => {
    const nasty = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.constantFrom(
        '![[Secrets]].md',
        '[x](obsidian://new?file=y).md',
        '<img src=http://example.com/x>.md',
        '`= this.file`.md',
        '<% tp.user.x() %>.md',
        'a\n# Heading\n- [ ] task.md',
        'a|b]] [[c.md',
        '#tag %%x%% $= 1$.md',
        '__proto__',
        'constructor',
        '\u202Egnp.exe.md',
        'https://example.com/.md',
        'a@example.com.md',
      ),
    );
    fc.assert(
      fc.property(nasty, nasty, (name, reason) => {
        const page = renderDashboard(
          {
            ...quiet,
            waiting: [{ name, since: NOW, outcome: reason }],
            conflicts: [{ name, why: name }],
            faults: [reason],
            handover: handover(reason),
            processes: [
              {
                agent: 'cloud-agent',
                process: 'draft-replier',
                seen: { presence: 'alive', state: 'degraded', reason },
              },
            ],
          },
          NOW,
        );
        const plain = renderDashboard(
          {
            ...quiet,
            waiting: [{ name: 'x.md', since: NOW, outcome: null }],
            conflicts: [{ name: 'x.md', why: null }],
            faults: ['x'],
            handover: handover('x'),
            processes: [
              {
                agent: 'cloud-agent',
                process: 'draft-replier',
                seen: { presence: 'alive', state: 'degraded', reason: 'x' },
              },
            ],
          },
          NOW,
        );
        expect(page.split('\n')).toHaveLength(plain.split('\n').length);
        // What is escaped or a plain link is gone; of the rest nothing may be more than in a quiet page.
        const rest = page
          .replace(/\\[!-/:-@[-`{-~]/g, '')
          .replace('\n> [!danger] Alarms\n', '\n')
          .replace(/^> - /gm, '- ')
          .replace(
            /\[\[(?:(?:Conflicts\/)?[\p{L}\p{M}\p{N} ,.'()&+-]+\|)?[\p{L}\p{M}\p{N} ,.'()&+-]+\]\]/gu,
            '',
          );
        expect(rest).not.toMatch(/[<>[\]{}$%@^~\\]|!\[|:\/\/|[^\n#]#/);
        expect(rest.match(/`/g)?.length ?? 0).toBe(plain.match(/`/g)?.length ?? 0);
        expect(rest).not.toMatch(/[\u202A-\u202E\u2066-\u2069\u200B-\u200F]/);
      }),
      { numRuns: 500 },
    );
  });
});
