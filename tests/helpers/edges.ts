import type { At } from '../../src/core/crash-points.ts';
import type { Clock } from '../../src/runtime/clock.ts';
import type { OutgoingCheck } from '../../src/stages/check-outgoing.ts';
import type { Edges } from '../../src/stages/effect-edge.ts';
import { mailEdge } from '../../src/stages/mail-edge.ts';
import type { MailEffects, SealedEffects } from '../../src/stages/mail-effects.ts';
import { oneMachineCards } from '../../src/stages/offered-cards.ts';
import type { Offers } from '../../src/stages/offers.ts';
import { odooEdge } from '../../src/stages/odoo-edge.ts';
import { postingOff } from '../../src/stages/posting-off.ts';
import type { WrittenTo } from '../../src/stages/written-to.ts';
import type { Vault } from '../../src/vault/vault.ts';

/** A machine that sends mail and has no Odoo. */
export function mailOnly(parts: {
  readonly journal: SealedEffects;
  readonly effects: MailEffects;
  readonly vault: Vault;
  readonly offers: Offers;
  readonly clock: Clock;
  readonly at?: At;
  readonly doubtMs?: number;
  readonly check?: OutgoingCheck;
  readonly writtenTo?: WrittenTo;
}): Edges {
  const { at = () => undefined, doubtMs = 60_000 } = parts;
  const shared = { ...parts, at, doubtMs, timeZone: 'UTC' };
  const nothing = () => Promise.reject(new Error('there is no Odoo'));
  return {
    mail: mailEdge(shared),
    odoo: odooEdge({
      ...shared,
      journal: {
        view: () => Promise.resolve({ word: 'none' }),
        seal: nothing,
        release: nothing,
        resolve: nothing,
      },
      effects: postingOff('Odoo is not set up on this machine.'),
      cards: oneMachineCards(parts.offers),
      mails: parts.journal,
      coveringText: nothing,
      stateDir: '/nowhere',
      expiresMs: 3_600_000,
    }),
  };
}
