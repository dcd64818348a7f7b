import { describe, expect, it } from 'vitest';
import { mailboxesHealth, type MailboxState } from '../../../src/cloud/mailboxes-health.ts';

const ok: MailboxState = { state: 'ok', reason: undefined };
const refused: MailboxState = { state: 'paused', reason: 'the login is refused; check CLUB_PASSWORD' };
const slow: MailboxState = { state: 'degraded', reason: 'cannot be reached' };
const of = (states: Record<string, MailboxState>) => mailboxesHealth(new Map(Object.entries(states)));

describe('the state of the watcher', () => {
  it.each([ok, refused, slow])('is that of the one mailbox, in its own words', (state) => {
    expect(of({ default: state })).toEqual(state);
  });

  it('is well when all of them are', () => {
    expect(of({ work: ok, club: ok })).toEqual(ok);
  });

  it('names the one that is not, and is not paused while others go on', () => {
    expect(of({ work: ok, club: refused })).toEqual({
      state: 'degraded',
      reason: 'account club is paused: the login is refused; check CLUB_PASSWORD',
    });
    expect(of({ work: slow, club: refused })).toEqual({
      state: 'degraded',
      reason:
        'account work is degraded: cannot be reached · account club is paused: the login is refused; check CLUB_PASSWORD',
    });
  });

  it('is paused when every one of them is', () => {
    expect(of({ work: refused, club: refused }).state).toBe('paused');
    expect(of({ work: refused, club: slow }).state).toBe('degraded');
  });

  it('fits on the dashboard however many there are', () => {
    const long: MailboxState = { state: 'paused', reason: 'x'.repeat(500) };
    const many = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`account-${i}`, long]));
    const { reason = '' } = of(many);
    expect(reason.length).toBeLessThanOrEqual(300);
    expect(reason).toMatch(/account account-0 is paused.*account account-2 is paused.*and 17 more$/);
  });
});
