import type { IncomingMail } from '../mail.ts';

/**
 * What is known about the people who write: who wrote before, from which domains, which bank accounts they
 * named. `mail/people/people-store.ts` keeps it in STATE_DIR.
 */
export interface PeopleNotes {
  /**
   * What a careful person would notice about the people of this mail: at most four sentences of at most 300
   * characters, the weightiest first, harmless in a property; [] for an ordinary mail of somebody known.
   * Ask before `remember`. Rejects only when STATE_DIR cannot be read; nothing in a mail makes it fail.
   */
  warningsFor(mail: IncomingMail): Promise<readonly string[]>;
  /**
   * From now on its sender is somebody who wrote before. For mails that became a card, once the note is
   * written: a newsletter makes nobody known. The same mail twice is once.
   */
  remember(mail: IncomingMail): Promise<void>;
}
