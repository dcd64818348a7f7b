import { describe, expect, it } from 'vitest';
import { screenOn } from '../../../src/demo/screen.ts';

function written(isTTY: boolean): { text: () => string; screen: ReturnType<typeof screenOn> } {
  let text = '';
  const output = { isTTY, columns: 40, hasColors: () => true, write: (part: string) => (text += part) };
  return { text: () => text, screen: screenOn(output) };
}

describe('the screen of the demo', () => {
  it('colours for a terminal and is plain for a pipe', () => {
    const [terminal, pipe] = [written(true), written(false)];
    for (const { screen } of [terminal, pipe]) {
      screen.step('Mails arrive');
      screen.verdict(false, 'it came');
    }
    expect(terminal.text()).toContain('\x1b[1;36m1. Mails arrive\x1b[0m');
    expect(pipe.text()).toBe('\n1. Mails arrive\n   NO   it came\n');
  });

  it('lets no escape sequence and no bidi mark of a mail through', () => {
    const { text, screen } = written(true);
    screen.quote('a\x1b[2Jb\u202ec\td');
    expect(text()).toContain('a?[2Jb?c    d');
  });

  it('breaks long lines between words and goes on below', () => {
    const { text, screen } = written(false);
    screen.quote('> Move this note to `Approved` to send it, or to `Rejected`.');
    expect(text()).toBe('   │ > Move this note to `Approved` to\n   │ > send it, or to `Rejected`.\n');
  });

  it('cuts a line without an end and a long text, and says how much it left out', () => {
    const { text, screen } = written(false);
    screen.quote(`${'x'.repeat(1000)}\n2\n3\n4`, 2);
    const rows = text().split('\n');
    expect(rows.slice(0, 3)).toEqual(Array.from({ length: 3 }, () => `   │ ${'x'.repeat(35)}`));
    expect(rows.slice(3)).toEqual([`   │ ${'x'.repeat(34)}…`, '   │ 2', '   │ … 2 more lines', '']);
  });

  it('sets apart what the user is asked to do', () => {
    const { text, screen } = written(false);
    screen.ask(['Move the note.', '', 'Nothing leaves this machine.']);
    expect(text()).toBe('\n   ▌ Move the note.\n   ▌\n   ▌ Nothing leaves this machine.\n\n');
  });
});
