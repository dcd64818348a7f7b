import { expect, it } from 'vitest';
import { previewCards } from '../../preview/cards.ts';

/** The callout on top of a card, its lines without the mark. */
async function callout(name: string): Promise<string[]> {
  const card = (await previewCards()).find((one) => one.name === name);
  const body = card?.source.split('\n---\n')[1] ?? '';
  const lines = body.trimStart().split('\n');
  return lines
    .slice(
      0,
      lines.findIndex((line) => !line.startsWith('>')),
    )
    .map((line) => line.replace(/^> ?/, ''));
}

const WAITING = [
  'mail-card',
  'mail-careful',
  'mail-came-back',
  'mail-in-doubt',
  'mail-bounced',
  'invoice-card',
];

it.each([...WAITING, 'invoice-question'])(
  '%s says what it is about first, and where it can be moved',
  async (name) => {
    const lines = await callout(name);
    expect(lines[0]).toMatch(/^\[!(question|warning)\|handover\] \S/);
    expect(lines.join('\n')).toContain('`Rejected`');
    if (name !== 'invoice-question') expect(lines.join('\n')).toContain('`Approved`');
  },
);

it('the order of a card: to whom, what to be careful about, the moves, then how it came about', async () => {
  const lines = await callout('mail-careful');
  const at = (start: string) => lines.findIndex((line) => line.startsWith(start));
  const order = [
    '**To**',
    '**Careful:**',
    '**Move this note to**',
    '- `Approved`',
    '- `Rejected`',
    '**Draft**',
  ].map(at);
  expect(order).not.toContain(-1);
  expect(order).toEqual([...order].sort((a, b) => a - b));
  // A blank line before the moves and after them: a line below would be read as part of the last one.
  expect(lines[at('**Move this note to**') - 1]).toBe('');
  expect(lines[at('**Draft**') - 1]).toBe('');
});

it('a card that came back says to whom it goes and what can be done, though its reason says neither', async () => {
  expect(await callout('mail-came-back')).toEqual([
    '[!warning|handover] Not sent: please look at this again',
    '**To** Ada Berg <ada@customer.example>',
    'A newer mail came in this thread after the draft was made.',
    '',
    '**Move this note to**',
    '- `Approved`: once it is right as it stands: it is sent',
    '- `Rejected`: nothing is sent',
    '- `Needs_Action/email`: it is drafted again, by what you write under Feedback',
  ]);
});

it('a card whose words name the moves is not given them twice', async () => {
  const lines = await callout('mail-in-doubt');
  expect(lines.filter((line) => line.includes('`Approved`'))).toEqual(['- `Approved`: it is sent again']);
  expect((await callout('mail-bounced')).filter((line) => line.includes('`Approved`'))).toHaveLength(1);
});
