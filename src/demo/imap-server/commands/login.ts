import type { Command } from '../session.ts';
import { text } from '../syntax.ts';
import { CAPABILITIES } from './capability.ts';

const utf8 = (latin1: string): string => Buffer.from(latin1, 'latin1').toString('utf8');

/** RFC 3501 6.2.3 */
export const login: Command = {
  name: 'LOGIN',
  when: 'any',
  run(session, { args }) {
    return session.logIn(utf8(text(args[0])), utf8(text(args[1])))
      ? ['OK', `[CAPABILITY ${CAPABILITIES}] logged in`]
      : ['NO', '[AUTHENTICATIONFAILED] wrong user or password'];
  },
};

/** RFC 3501 6.2.2 with RFC 4616 PLAIN; the response may come at once (RFC 4959). */
export const authenticate: Command = {
  name: 'AUTHENTICATE',
  when: 'any',
  async run(session, { args }) {
    if (text(args[0]).toUpperCase() !== 'PLAIN') return ['NO', 'only PLAIN'];
    const response = args[1] ? text(args[1]) : await session.ask('');
    if (response === null || response === '*') return ['BAD', 'cancelled'];
    const [, user = '', password = ''] = Buffer.from(response, 'base64').toString('utf8').split('\0');
    return session.logIn(user, password)
      ? ['OK', `[CAPABILITY ${CAPABILITIES}] logged in`]
      : ['NO', '[AUTHENTICATIONFAILED] wrong user or password'];
  },
};
