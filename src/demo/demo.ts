/**
 * demo: the whole promise on one screen, in one minute, without an account and without root.
 *
 * DOES      Starts a mail provider and a small Odoo in this process and the real processes under a PM2 of
 *           their own, feeds mails and a request for an invoice, approves a draft of each by moving its note
 *           (with `--hands-on` the user does), shows what left and what was posted.
 * READS     src/demo/mails, vault-template.
 * WRITES    One new folder under the system's temporary folder, removed at the end, also after Ctrl-C.
 * SECRETS   None; the password of the demo's own mailbox is made up anew each time.
 * TWICE     Yes, side by side.
 * ON CRASH  PM2 and the processes are killed; after SIGKILL the folder `handover-demo-*` stays.
 * EXIT      0 when everything promised was seen; 1 when something was not; 130 and 143 when stopped.
 */
import { once } from 'node:events';
import { tellInvoiceStory } from './invoice-story.ts';
import { screenOn } from './screen.ts';
import { tellStory } from './story.ts';
import { NotSeen } from './until.ts';
import { buildWorld } from './world.ts';

const handsOn = process.argv.includes('--hands-on');
const screen = screenOn(process.stdout);
const begun = Date.now();
const stopped = new AbortController();
const EXIT_BY_SIGNAL = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

for (const [signal, code] of Object.entries(EXIT_BY_SIGNAL)) {
  process.on(signal, () => {
    // The second time somebody is in a hurry: the `exit` handler below kills and removes at once.
    if (stopped.signal.aborted) process.exit(code);
    process.exitCode = code;
    stopped.abort();
  });
}

screen.line('Handover: an agent drafts, you approve by moving a note, your laptop sends.');
screen.line('Everything happens on this machine, in one temporary folder that is removed afterwards.');
const world = await buildWorld({ handsOn });
const cleanUpNow = (): void => world.stopNow();
process.once('exit', cleanUpNow);
try {
  screen.item('folder', world.dir);
  screen.item(
    'mail provider',
    `IMAP 127.0.0.1:${world.provider.imap.port}, SMTP 127.0.0.1:${world.provider.smtpPort}`,
  );
  screen.item('books', `a small Odoo, ${world.books.url}`);
  const promises = [
    ...(await tellStory(world, screen, handsOn, stopped.signal)),
    ...(await tellInvoiceStory(world, screen, handsOn, stopped.signal)),
  ];
  screen.step('What was promised');
  for (const { what, kept } of promises) screen.verdict(kept, what);
  if (promises.some(({ kept }) => !kept)) process.exitCode = 1;
  if (handsOn && process.stdin.isTTY) await lookAround();
} catch (error) {
  if (!stopped.signal.aborted) {
    process.exitCode = 1;
    screen.line();
    screen.verdict(false, error instanceof Error ? error.message : String(error));
    if (error instanceof NotSeen)
      screen.quote(await world.pm2.run('logs', '--nostream', '--lines', '30'), 120);
    else if (error instanceof Error && error.stack) screen.quote(error.stack);
  }
} finally {
  await world.stop();
  process.off('exit', cleanUpNow);
}
screen.line();
screen.line(
  stopped.signal.aborted
    ? 'Stopped; everything is cleaned up.'
    : `${((Date.now() - begun) / 1000).toFixed(1)} s; everything is cleaned up.`,
);

/** The vault goes with the demo: whoever has it open may want to read on. */
async function lookAround(): Promise<void> {
  screen.ask([
    'Look around in the vault as long as you like: Dashboard.md, Done, Skipped, Logs.',
    'Enter ends the demo and removes everything.',
  ]);
  try {
    await once(process.stdin, 'data', { signal: stopped.signal });
  } finally {
    process.stdin.pause();
  }
}
