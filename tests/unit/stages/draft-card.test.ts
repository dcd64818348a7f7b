import { expect, it } from 'vitest';
import { readSections } from '../../../src/core/body.ts';
import type { FrontMatter } from '../../../src/core/front-matter.ts';
import { list } from '../../../src/core/task-file.ts';
import type { TaskId } from '../../../src/core/task-id.ts';
import { draftedNote } from '../../../src/stages/draft-card.ts';

function card(reply: string, to = 'anna@example.com', more: FrontMatter = {}) {
  return draftedNote(
    {
      data: {
        subject: 'Offer',
        warnings: ['Draft: of the draft before', 'First mail from anna@example.com.'],
        ...more,
      },
      body: '',
    },
    {
      id: 'em-0123456789abcdef' as TaskId,
      kind: 'email_reply',
      recipients: {
        to: [{ name: 'Anna', address: to }],
        cc: [],
        notCopied: [],
        subject: 'Re: Offer',
        warnings: [],
        settled: false,
      },
      draft: { decision: 'reply', reply, drafter: 'test', verdictLine: 'Written.', warnings: [] },
      request: undefined,
      addressee: 'Anna',
      agent: 'cloud-agent',
      claim: '01K',
      claimedAtMs: 0,
      nowMs: 0,
      timeZone: 'UTC',
      expiresMs: 1000,
    },
  );
}

it('hidden characters of the reply are counted and shown where they stand, and stay in it', () => {
  const note = card('Hello Anna, pay\u200bpal\u202e is fine.');
  const words = 'the reply holds 2 hidden characters: “ello Anna, pay[U+200B]pal[U+202E] is”';
  expect(list(note, 'warnings')).toEqual(['First mail from anna@example.com.', `Draft: ${words}`]);
  expect(note.body).toContain(`**Careful:** ${words}`);
  expect(readSections(note.body).reply).toBe('Hello Anna, pay\u200bpal\u202e is fine.');
});

it('a reply without any has no warning of the draft', () => {
  expect(list(card('Hello Anna, 👩‍🔧 yes.'), 'warnings')).toEqual(['First mail from anna@example.com.']);
});

it('a recipient with a domain in other letters is shown as the DNS knows it, too', () => {
  expect(card('Yes.', 'anna@müller.example').body).toContain(
    '**To** Anna <anna@müller.example> (xn--mller-kva.example)',
  );
  expect(card('Yes.').body).toContain('**To** Anna <anna@example.com>\n');
});

it('an important card says so, and which notes it has to do with', () => {
  const links = { answers: '[[Offer em-0123456789abcdee]]', folds: ['[[Anna - Offer em-0123456789abcded]]'] };
  const { body } = card('Yes.', 'anna@example.com', { priority: 'high', ...links });
  expect(body).toMatch(/^> \[![a-z]+\|handover\] Important: Reply to Anna: Offer$/m);
  expect(body).toContain('**Answers** your mail: [[Offer em-0123456789abcdee]]');
  expect(body).toContain(
    '**Also answers** what came before in this thread: [[Anna - Offer em-0123456789abcded]]',
  );
});

it('a property that only looks like a link runs nothing and leads nowhere', () => {
  const { body } = card('Yes.', 'anna@example.com', {
    answers: '[[x]] ![[secret]]',
    replaces: 'x',
    folds: ['[[<% 1 %>]]'],
  });
  expect(body).not.toMatch(/secret|<%|In place of/);
});
