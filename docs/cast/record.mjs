/**
 * `npm run cast`: records `npm run demo` in a pseudo terminal, as it happens, and writes beside this file
 *
 *   demo.cast   asciicast v2 (docs.asciinema.org/manual/asciicast/v2), to be played by any asciinema player
 *   demo.svg    the same as a picture that plays by itself in a browser, with the pauses cut short
 *
 * The terminal is made by script(1) of util-linux, whose timing file says when each piece came. Names of this
 * machine's temporary folder are replaced; nothing else is touched.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventsOf, linesOf } from './read-recording.mjs';
import { drawSvg } from './draw-svg.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));
const DEMO = join(HERE, '..', '..', 'dist', 'demo', 'demo.js');
const WIDTH = 100;
const HEIGHT = 36;
const MAX_PAUSE_S = 1.5;

const folder = mkdtempSync(join(tmpdir(), 'cast-'));
try {
  const [output, timing] = [join(folder, 'output'), join(folder, 'timing')];
  const command = `stty cols ${WIDTH} rows ${HEIGHT} && exec "${process.execPath}" "${DEMO}"`;
  record(command, output, timing);
  const events = eventsOf(readFileSync(output), readFileSync(timing, 'utf8')).map((event) => ({
    ...event,
    text: event.text.replace(/\S*\/(handover-demo-)\w+/g, '/tmp/$1example'),
  }));
  const header = {
    version: 2,
    width: WIDTH,
    height: HEIGHT,
    idle_time_limit: MAX_PAUSE_S,
    title: 'Handover: npm run demo',
    env: { TERM: 'xterm-256color' },
  };
  const rows = events.map(({ at, text }) => JSON.stringify([Number(at.toFixed(3)), 'o', text]));
  writeFileSync(join(HERE, 'demo.cast'), `${[JSON.stringify(header), ...rows].join('\n')}\n`);
  writeFileSync(
    join(HERE, 'demo.svg'),
    drawSvg(linesOf(events, WIDTH), { columns: WIDTH, rows: HEIGHT, maxPause: MAX_PAUSE_S }),
  );
  const seconds = events.at(-1)?.at.toFixed(1);
  process.stdout.write(`docs/cast/demo.cast and demo.svg: ${events.length} pieces, ${seconds} s\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Of the environment the demo gets the path alone: no prompt, no account and no name of this machine. */
function record(command, output, timing) {
  const env = { PATH: process.env.PATH, TERM: 'xterm-256color', LANG: 'C.UTF-8', TZ: 'UTC' };
  const args = [
    '--quiet',
    '--return',
    '--flush',
    '--command',
    command,
    '--log-out',
    output,
    '--log-timing',
    timing,
  ];
  try {
    execFileSync('script', args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
  } catch (error) {
    if (error.code === 'ENOENT') throw new Error('script(1) is missing: apt-get install bsdutils');
    throw error;
  }
}
