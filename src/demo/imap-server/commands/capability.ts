import type { Command } from '../session.ts';

export const CAPABILITIES = 'IMAP4rev1 LITERAL+ SASL-IR AUTH=PLAIN ID IDLE NAMESPACE UIDPLUS SPECIAL-USE';

/** RFC 3501 6.1.1 */
export const capability: Command = {
  name: 'CAPABILITY',
  when: 'any',
  run(session) {
    session.send(`* CAPABILITY ${CAPABILITIES}`);
    return ['OK', 'that is all'];
  },
};
