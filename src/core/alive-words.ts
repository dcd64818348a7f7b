/** What befell a process, in words for the user. Names of processes are ours; nothing else stands in them. */
import type { Happening } from './alive.ts';
import { localTime } from './local-time.ts';

const WHAT = { hung: 'hung', fell: 'ended by itself', gone: 'was gone' } as const;

/** `approval-handler hung and was started again`. */
export function happeningWords({ process, what, done }: Happening): string {
  return done === 'restarted' ? `${process} ${WHAT[what]} and was started again` : stateWords(process, what);
}

/** For a page: with the time, of the day alone when it is today. */
export function happeningLine(happening: Happening, now: number, timeZone: string): string {
  const at = localTime(happening.at, timeZone);
  const today = localTime(now, timeZone).slice(0, 10) === at.slice(0, 10);
  const when = today ? `at ${at.slice(11, 16)}` : `on ${at.slice(0, 10)} at ${at.slice(11, 16)}`;
  return `${happeningWords(happening)} ${when}`;
}

function stateWords(process: string, what: Happening['what']): string {
  return what === 'hung' ? `${process} hangs` : `${process} is gone`;
}

/** What is wrong now, and the cure. */
export function troubleWords({ process, what, done }: Happening): string {
  const state = stateWords(process, what);
  switch (done) {
    case 'restarted':
      return `${state}; it is being started again.`;
    case 'too-often':
      return `${state} again and again, and is not started a fourth time in an hour. Why stands in its log: pm2 logs ${process}`;
    case 'configuration':
      return `${process} does not start: its configuration is wrong. Its log names every fault: pm2 logs ${process}`;
    case 'unknown-to-pm2':
      return `${state}, and PM2 does not run it under this name. Start it: pm2 start deployment/<host>/ecosystem.config.js`;
    case 'no-pm2':
      return `${state}, and no PM2 runs here that could start it again. End it and start it by hand.`;
    case 'pm2-failed':
      return `${state}, and PM2 did not answer. Look at it: pm2 status`;
  }
}
