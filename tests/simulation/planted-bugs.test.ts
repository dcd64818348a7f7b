/** The search finds what it is for: bugs put in on purpose, one at a time. */
import { describe, expect, it } from 'vitest';
import { settleCopies } from '../../src/core/claim-protocol.ts';
import type { Plants } from './agents.ts';
import { search } from './search.ts';

const MOST = 6000;

const PLANTED: readonly { readonly bug: string; readonly plants: Plants; readonly found: RegExp }[] = [
  { bug: 'the journal is not asked', plants: { skipJournal: true }, found: /P3: em-\w+ left 2 times/ },
  {
    bug: 'a note in the folder counts as a yes',
    plants: { trustFolder: true },
    found: /P1: em-\w+ left, and the user never moved this content/,
  },
  {
    bug: "the loser touches the winner's file",
    plants: { touchRival: true },
    found: /P5: draft-replier touches In_Progress\/local-agent\//,
  },
  {
    bug: 'of two copies the newer stands',
    plants: { settle: (copies) => [...copies].sort((a, b) => b.mtime - a.mtime).slice(1) },
    found: /P4: an answer of the user is set aside/,
  },
  {
    bug: 'both copies are kept',
    plants: { settle: () => [] },
    found: /P5: em-\w+ lies in .* and /,
  },
];

describe('a planted bug is found', () => {
  it.each(PLANTED)(
    '$bug',
    async ({ plants, found }) => {
      const { failure, schedules } = await search(1, MOST, { plants, shrink: false });
      console.log(`found in schedule ${schedules}`);
      expect(failure).toMatch(found);
    },
    120_000,
  );

  it('and not by the way the bug is put in', async () => {
    const product: Plants = {
      settle: (copies) =>
        settleCopies(copies, 'orchestrator').flatMap(({ copy, action }) =>
          action === 'to_conflicts' ? [copy] : [],
        ),
    };
    const { failure } = await search(1, 200, { plants: product, shrink: false });
    expect(failure).toBeNull();
  }, 120_000);
});
