import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foreignWords } from '../../../src/core/foreign-words.ts';
import { foreignKind, type RemoteChange, writerOf } from '../../../src/core/ownership.ts';
import { STATES } from '../../../src/core/states.ts';

const change = (path: string, action = 'modified', type = 'file'): RemoteChange => ({ path, action, type });

describe('who writes what', () => {
  it.each([
    ['Dashboard.md', 'local'],
    ['Done/2026-11/x.md', 'local'],
    ['In_Progress/local-agent/x.md', 'local'],
    ['In_Progress/local-agent', 'local'],
    ['In_Progress/local-agent2/x.md', 'shared'],
    ['Logs/local-agent/2026-11-20.orchestrator.jsonl', 'local'],
    ['Updates/local-agent/orchestrator.json', 'local'],
    ['Approved/x.md', 'local'],
    ['Updates/cloud-agent/draft-replier.json', 'cloud'],
    ['Pending_Approval/email/x.md', 'shared'],
    ['Notes/Done/x.md', 'shared'],
    ['Done/2026-11/x.sync-conflict-20261120-120000-ABCDEFG.md', 'nobody'],
  ])('%s: %s', (path, writer) => {
    expect(writerOf(path)).toBe(writer);
  });

  it('takes no folder that travels for the laptop alone but those only it creates or its agent owns', () => {
    const local = STATES.filter((row) => row.travelsToCloud && writerOf(`${row.folder}/x.md`) === 'local');
    expect(local.map((row) => row.folder)).toEqual(['In_Progress/local-agent', 'Done']);
    for (const row of local) expect(row.createdBy).toEqual(['local-agent']);
  });
});

describe('a change by another device', () => {
  it.each([
    [change('Dashboard.md'), 'dashboard'],
    [change('Done/2026-11/x.md'), 'done'],
    [change('Done/2026-11/x.md', 'deleted'), 'done'],
    [change('Done/2026-11', 'modified', 'dir'), null],
    [change('Done/2026-11', 'deleted', 'dir'), 'done'],
    [change('Logs/local-agent/a.jsonl', 'deleted'), 'log'],
    [change('Updates/local-agent/orchestrator.json'), 'heartbeat'],
    [change('In_Progress/local-agent/x.md'), 'claim'],
    [change('Approved/x.md'), 'answer'],
    [change('Conflicts/x.md'), null],
    [change('Conflicts/x.md', 'deleted'), 'kept_version_deleted'],
    [change('Needs_Action/email/x.md'), null],
    [change('Needs_Action/email/x.md', 'modified', 'symlink'), 'link'],
    [change('Pending_Approval', 'modified', 'symlink'), 'link'],
    [change('Needs_Action/email/x.md', 'deleted', 'symlink'), null],
    [change('Rejected/x.md'), 'rejected'],
    [change('Done/2026-11/x.sync-conflict-20261120-120000-ABCDEFG.md'), null],
  ])('%o: %s', (one, kind) => {
    expect(foreignKind(one, false)).toBe(kind);
  });

  it('is the ordinary way to say no where there is a phone, and nothing else becomes so', () => {
    expect(foreignKind(change('Rejected/x.md'), true)).toBeNull();
    expect(foreignKind(change('Done/2026-11/x.md', 'deleted'), true)).toBe('done');
    const words = foreignWords('done', change('Done/x.md', 'deleted'), { phone: true, finished: true });
    expect(words).toContain('your phone, if you did it there');
  });

  it('never throws, whatever a peer calls its files', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.string(),
        fc.string(),
        fc.boolean(),
        (path, action, type, phone) => {
          const one = { path, action, type };
          const kind = foreignKind(one, phone);
          if (kind !== null) expect(foreignWords(kind, one, { phone, finished: false })).not.toBe('');
        },
      ),
    );
  });
});
