/**
 * Puts lines KEY=value from stdin into an .env file that `handover init` made, each where it stands in the file.
 *   node set-keys.mjs <file> <cloud|laptop|laptop-alone> [--if-empty]
 * Prints the keys that changed, with commas, and never a value. Plain Node without packages.
 */
import { chownSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { parseEnv } from 'node:util';

const [path = '', role = '', mode = ''] = process.argv.slice(2);
const before = readFileSync(path, 'utf8');
const wanted = readLines(readFileSync(0, 'utf8'));
const known = new Set([...before.matchAll(/^(?:# ?)?([A-Z][A-Z0-9_]*)=/gm)].map((match) => match[1]));
const there = parseEnv(before);
const unknown = Object.keys(wanted).filter((key) => !known.has(key) && !/^[A-Z]+_OAUTH_/.test(key));
if (unknown.length > 0) stop(`${unknown.join(', ')}: .env.example knows no such key`);
// The one rule that keeps somebody who takes over the cloud from sending.
const sending = Object.keys(wanted).filter((key) => key.startsWith('SMTP_') && wanted[key] !== '');
if (role === 'cloud' && sending.length > 0)
  stop(`${sending.join(', ')}: never on the cloud, which must not be able to send`);

const changes = Object.entries(wanted).filter(([key, value]) => {
  const is = there[key] ?? '';
  return mode === '--if-empty'
    ? value !== '' && (is === '' || isDefault(key, is)) && is !== value
    : is !== value;
});
let text = before;
for (const [key, value] of changes) {
  const line = `${key}=${quoted(key, value)}`;
  const at = new RegExp(`^(?:# ?)?${key}=.*$`, 'm');
  text = at.test(text) ? text.replace(at, () => line) : `${text.replace(/\n?$/, '\n')}${line}\n`;
}
if (changes.length > 0) {
  const { uid, gid } = statSync(path);
  const near = `${path}.${process.pid}`;
  writeFileSync(near, text, { mode: 0o600, flag: 'wx' });
  chownSync(near, uid, gid);
  renameSync(near, path);
  console.log(changes.map(([key]) => key).join(', '));
}

/** TIMEZONE=UTC stands there from the beginning, and is nobody's choice yet. */
function isDefault(key, value) {
  return key === 'TIMEZONE' && value === 'UTC';
}

function readLines(text) {
  const strange = text
    .split(/\r?\n/)
    .findIndex((line) => line.trim() !== '' && !/^\s*#/.test(line) && !/^[A-Z][A-Z0-9_]*=/.test(line));
  if (strange >= 0) stop(`line ${strange + 1} of the settings is not KEY=value`);
  return parseEnv(text);
}

/** As parseEnv reads it back. */
function quoted(key, value) {
  if (/[\r\n\0]/.test(value)) stop(`${key}: one line, please`);
  const quote = ['"', "'", '`'].find((one) => !value.includes(one));
  if (/^[\w@%+=:,./-]*$/.test(value)) return value;
  if (quote === undefined || parseEnv(`K=${quote}${value}${quote}`)['K'] !== value)
    stop(`${key}: this value cannot be written into .env`);
  return `${quote}${value}${quote}`;
}

function stop(why) {
  console.error(`handover: ${why}`);
  process.exit(1);
}
