import type { Command } from '../session.ts';

/** RFC 3501 6.1.2: news are told after every command, this one has nothing else to do. */
export const noop: Command = { name: 'NOOP', when: 'any', run: () => ['OK', 'done'] };

/** RFC 3501 6.1.3 */
export const logout: Command = {
  name: 'LOGOUT',
  when: 'any',
  run(session) {
    session.send('* BYE see you');
    return ['OK', 'bye'];
  },
};
