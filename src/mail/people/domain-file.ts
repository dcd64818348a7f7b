import { createHash } from 'node:crypto';
import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { errno } from '../../files/errno.ts';

/** So many domains are compared with a new one; more correspondents than one house has. */
export const MAX_DOMAINS = 20_000;
/** Of the file: a line is a domain and its check. */
const MAX_CHARS = MAX_DOMAINS * 280;

/**
 * The domains that wrote, one in a line, read once at the start and only appended to. A line that was torn
 * by a power cut does not fit its check and is nothing.
 */
export function readDomains(file: string): string[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').slice(0, MAX_CHARS);
  } catch (error) {
    if (errno(error) === 'ENOENT') return [];
    throw error;
  }
  return text
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([domain, check]) => domain !== undefined && check === checkOf(domain))
    .map(([domain]) => domain ?? '')
    .slice(0, MAX_DOMAINS);
}

export function appendDomain(file: string, domain: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  // The line before may be torn: a new line first.
  appendFileSync(file, `\n${domain} ${checkOf(domain)}\n`, { mode: 0o600 });
}

function checkOf(domain: string): string {
  return createHash('sha256').update(domain).digest('hex').slice(0, 8);
}
