import type { Command } from '../session.ts';

/** RFC 2971 */
export const id: Command = {
  name: 'ID',
  when: 'any',
  run(session) {
    session.send('* ID ("name" "handover-demo")');
    return ['OK', 'nice to meet you'];
  },
};
