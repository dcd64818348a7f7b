/**
 * Reads what `pm2 jlist` prints from stdin.
 *   node processes.mjs             prints a line for people, each process with its state; exit 1 when one is not online
 *   node processes.mjs --count     prints how many are online
 */
import { readFileSync } from 'node:fs';

// PM2 writes words of its own before the list when it has just been started.
const text = readFileSync(0, 'utf8');
const list = JSON.parse(text.slice(Math.max(0, text.lastIndexOf('\n[') + 1)));
// By its pid: a process that was given up can still be called "waiting restart".
const state = ({ pid, pm2_env }) => (pm2_env.status === 'online' && pid > 0 ? 'online' : pm2_env.status);
const states = list.map((one) => ({ name: one.name, is: state(one) }));
const online = states.filter(({ is }) => is === 'online');
if (process.argv[2] === '--count') {
  console.log(online.length);
} else {
  for (const { name, is } of states) console.log(`   ${name}: ${is}`);
  if (online.length < states.length || states.length === 0) process.exitCode = 1;
}
