import { describe, expect, it } from 'vitest';
import { absenceBetween, isShown } from '../../../src/core/absence.ts';
import { MAX_RESTORED, putBackFolder, vanishedStep, versionOf } from '../../../src/core/vanished.ts';

const NOW = 1_000_000_000;
const gone = {
  now: NOW,
  missingSince: NOW - 120_000,
  graceMs: 120_000,
  quiet: true,
  lastSeen: NOW - 150_000,
  versionAt: NOW - 125_000,
  restored: 0,
};

describe('a task that is nowhere', () => {
  it.each([
    ['put_back', {}],
    ['wait', { missingSince: NOW - 119_999 }],
    ['wait', { quiet: false }],
    ['let_go', { versionAt: null }],
    ['let_go', { versionAt: gone.lastSeen - 60_001 }],
    ['put_back', { versionAt: gone.lastSeen - 60_000 }],
    ['put_back', { restored: MAX_RESTORED - 1 }],
    ['to_conflicts', { restored: MAX_RESTORED }],
  ])('%s when %o', (step, change) => {
    expect(vanishedStep({ ...gone, ...change })).toBe(step);
  });

  it('is never put into the folder of an agent, nor into Approved', () => {
    const mail = 'A em-0123456789abcdef.md';
    expect(putBackFolder('Pending_Approval/email', mail, true)).toBe('Pending_Approval/email');
    expect(putBackFolder('In_Progress/cloud-agent', mail, true)).toBe('Needs_Action/email');
    expect(putBackFolder('In_Progress/local-agent', mail, true)).toBe('Pending_Approval/email');
    expect(putBackFolder('In_Progress/local-agent', mail, false)).toBe('Needs_Action/email');
    expect(putBackFolder('Approved', 'A od-0123456789abcdef.md', true)).toBe('Pending_Approval/odoo');
  });

  it.each([
    ['x~20261120-093100.md', 'x.md'],
    ['x~20261120-093100-12.md', 'x.md'],
    ['x.md', 'x.md'],
    ['x~20261120.md', 'x~20261120.md'],
    ['a~20261120-093100.md~20261120-093100.md', 'a~20261120-093100.md.md'],
  ])('%s is a version of %s', (name, plain) => {
    expect(versionOf(name)).toBe(plain);
  });
});

describe('an absence', () => {
  it('is a gap of ten minutes, by our own clock, and is shown for a day', () => {
    expect(absenceBetween(null, NOW)).toBeNull();
    expect(absenceBetween(NOW - 599_999, NOW)).toBeNull();
    expect(absenceBetween(NOW + 3_600_000, NOW)).toBeNull();
    const away = absenceBetween(NOW - 600_000, NOW);
    expect(away).toEqual({ from: NOW - 600_000, to: NOW, meanwhile: null });
    expect(isShown(away, NOW + 24 * 3_600_000 - 1)).toBe(true);
    expect(isShown(away, NOW + 24 * 3_600_000)).toBe(false);
  });
});
