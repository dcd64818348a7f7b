/** `npm run check`: everything that can be said without running the program, two checks at a time. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const { scripts } = JSON.parse(readFileSync(`${ROOT}/package.json`, 'utf8'));
// The slow one first, so that the others fit beside it.
const waiting = ['check:lint', 'check:types', 'check:walls', 'check:unused', 'check:format'];
const begin = Date.now();
const failed = [];

await Promise.all([worker(), worker()]);
console.log(
  `${failed.length === 0 ? 'All checks passed' : `FAILED: ${failed.join(', ')}`} (${since(begin)})`,
);
process.exitCode = failed.length === 0 ? 0 : 1;

async function worker() {
  for (let name = waiting.shift(); name; name = waiting.shift()) {
    const start = Date.now();
    const { code, output } = await run(scripts[name]);
    console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${name.padEnd(14)} ${since(start)}`);
    if (code === 0) continue;
    failed.push(name);
    console.log(output.trimEnd());
  }
}

/** The script as npm would run it, without npm's half a second. */
function run(script) {
  return new Promise((resolve, reject) => {
    // Colour codes in the middle of words make a log unreadable.
    const env = {
      ...process.env,
      FORCE_COLOR: '0',
      NO_COLOR: '1',
      PATH: `${ROOT}/node_modules/.bin:${process.env.PATH}`,
    };
    const child = spawn(script, { cwd: ROOT, shell: true, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output }));
  });
}

function since(start) {
  return `${((Date.now() - start) / 1000).toFixed(1)} s`;
}
