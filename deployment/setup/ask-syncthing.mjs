/**
 * Asks the Syncthing that lines of an .env on stdin name; the key stays out of every command line.
 *   node ask-syncthing.mjs wait    until it answers, a minute at most
 *   node ask-syncthing.mjs id      prints the device id of this machine
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseEnv } from 'node:util';

const [wish = ''] = process.argv.slice(2);
const { SYNCTHING_URL = '', SYNCTHING_API_KEY = '' } = parseEnv(readFileSync(0, 'utf8'));

/** @returns the answer as an object, or null */
async function ask(what) {
  try {
    const headers = { 'X-API-Key': SYNCTHING_API_KEY };
    const answer = await fetch(new URL(what, SYNCTHING_URL), { headers, signal: AbortSignal.timeout(5000) });
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}

// A first start makes certificates.
for (const end = Date.now() + 60_000; ; await sleep(300)) {
  const status = await ask('/rest/system/status');
  if (typeof status?.myID === 'string') {
    if (wish === 'id') console.log(status.myID);
    break;
  }
  if (Date.now() > end || wish === 'id') process.exit(1);
}
