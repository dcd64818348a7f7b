/**
 * Is what lies in `Approved/` what the user was shown, or the user's own edit of it? Sound also when the peer
 * lies about who changed a file: nothing that Syncthing passes on from a peer is evidence here, only what it
 * did on this machine (docs/adr/0009).
 */

/** What was kept of a card when it was offered, or first seen pending. */
export interface OfferFacts {
  readonly name: string;
  /** Hash of what would leave; null when it could not leave as it stood. */
  readonly hash: string | null;
  /** Every change that came from another device since is known. */
  readonly followed: boolean;
  /** Another device changed it since. */
  readonly touched: boolean;
  /** It lies there with a warning or a question of ours on top, which must have been readable. */
  readonly warned: boolean;
  /** The user took it back to be drafted again: a new draft is expected. */
  readonly withdrawn: boolean;
}

export interface ProvenanceFacts {
  /** False: one machine, one vault. Whoever can write there is the user. */
  readonly synced: boolean;
  readonly offer: OfferFacts | null;
  /** Of the note as it was moved; and the task's id, in the note and at the end of its name. */
  readonly name: string;
  readonly id: string;
  readonly idInName: string | null;
  readonly hash: string;
  /** Every change before the move has been heard of. */
  readonly settled: boolean;
}

export type Provenance =
  | 'as_offered'
  /** The user changed it; nobody else can have. */
  | 'own_edit'
  /** Approved where this machine did not see it pending, by a device that the topology proves to be trusted. */
  | 'unseen'
  /** Changed, and not surely by the user: back once, with the difference. */
  | 'changed'
  | 'never_offered'
  /** Ask again when `settled`. */
  | 'settle_first';

export function provenanceOf(facts: ProvenanceFacts): Provenance {
  const { offer } = facts;
  if (!facts.synced) return offer === null ? 'never_offered' : oneMachine(offer, facts.hash);
  if (offer === null) {
    // Our own notes carry their id in the name, so one that was unreadable when it was seen has a record.
    return facts.idInName === facts.id ? 'unseen' : 'never_offered';
  }
  const same = offer.hash === facts.hash;
  if (same && !offer.warned) return 'as_offered';
  if (!facts.settled) return 'settle_first';
  const alone = offer.followed && !offer.touched && !offer.withdrawn;
  if (same) return alone ? 'as_offered' : 'changed';
  return alone && offer.name === facts.name ? 'own_edit' : 'changed';
}

function oneMachine(offer: OfferFacts, hash: string): Provenance {
  return offer.hash === hash ? 'as_offered' : 'own_edit';
}

/** Does this version of a card, found after a change that came from outside, make the record doubtful? */
export function touches(
  offer: Pick<OfferFacts, 'hash' | 'warned'> & { readonly note: string | null },
  found: { readonly hash: string | null; readonly note: string } | null,
): boolean {
  if (found === null) return true;
  if (found.note === offer.note) return false;
  // A warning on top is no part of what would leave, but of what the user decides by.
  return offer.warned || found.hash !== offer.hash;
}
