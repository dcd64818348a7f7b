import type { Command } from '../session.ts';

/** RFC 2177: what happens in the mailbox meanwhile is told at once. */
export const idle: Command = {
  name: 'IDLE',
  when: 'authenticated',
  async run(session) {
    const watchers = session.selected?.mailbox.watchers;
    const watcher = (): void => session.sync();
    watchers?.add(watcher);
    try {
      const answer = session.ask('idling');
      session.sync();
      const line = await answer;
      return line?.toUpperCase() === 'DONE' ? ['OK', 'idled'] : ['BAD', 'expected DONE'];
    } finally {
      watchers?.delete(watcher);
    }
  },
};
