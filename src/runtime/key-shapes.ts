/** How the value of each kind of key is written in the environment; see config.ts. A value is never shown. */
import { z } from 'zod';
import { isLoopback } from '../core/loopback.ts';
import { minuteOfDay, type QuietHours } from '../core/quiet-hours.ts';
import { isOAuthUrl, isOneAddress, OAUTH_URL_WORDS, ONE_ADDRESS_WORDS } from './setting-shapes.ts';

export const bool = z.enum(['true', 'false']).transform((v) => v === 'true');
export const int = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d+$/, 'must be a whole number')
    .transform(Number)
    .refine((n) => n >= min && n <= max, `must be between ${min} and ${max}`);
export const port = int(1, 65_535);
export const secure = z.enum(['true', 'starttls', 'false']);
export const list = z.string().transform((v) =>
  v
    .split(',')
    .map((s) => s.trim())
    .filter((s) => s !== ''),
);
export const required = z.string().min(1, 'is missing');
export const mailbox = required.refine(isOneAddress, ONE_ADDRESS_WORDS);
export const DEVICE_WORDS = 'must be Syncthing device ids: eight groups of seven letters and digits';
export const isDeviceId = (id: string) => /^[A-Z2-7]{7}(-[A-Z2-7]{7}){7}$/.test(id);
export const loopbackUrl = z.string().refine((value) => {
  const url = URL.canParse(value) ? new URL(value) : null;
  return url !== null && /^https?:$/.test(url.protocol) && isLoopback(url.hostname.replace(/^\[|\]$/g, ''));
}, "must be Syncthing's own address on this machine, such as http://127.0.0.1:8384");
export const odooUrl = z
  .string()
  .refine((value) => {
    if (value === '') return true;
    const url = URL.canParse(value) ? new URL(value) : null;
    if (url === null || url.username !== '' || url.search !== '' || url.hash !== '') return false;
    return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));
  }, "must be Odoo's address with https, such as https://books.example.org (http only on this machine)")
  .transform((value) => value.replace(/\/+$/, ''));
export const oauthUrl = z.string().refine(isOAuthUrl, OAUTH_URL_WORDS);
/** `22:00-07:00`, minutes of the day; null: none. */
export const quietHours = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$/, 'must be two times of day, such as 20:00-07:30')
  .transform((value): QuietHours | null => {
    const [from = 0, to = 0] = value.split('-').map(minuteOfDay);
    return { from, to };
  });
/** `07:00`, minutes of the day; null: never. */
export const timeOfDay = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time of day, such as 07:00')
  .transform((value): number | null => minuteOfDay(value));
export const token = z
  .string()
  .refine((value) => value === '' || value.length >= 16, 'must have at least 16 characters');
/** Said in so many words, or not at all. */
export const POSTING_KEY_WORDS = 'the cloud key may post';
export const timeZone = z.string().refine((zone) => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}, 'is no IANA time zone, such as Europe/Berlin');
const HTTPS_WORDS =
  'must be an address with https (http only on this machine), such as https://ntfy.example.org/topic';
/** `https://host/topic`; '' where there is none. */
export const topicUrl = z.string().refine((value) => {
  if (value === '') return true;
  const url = URL.canParse(value) ? new URL(value) : null;
  if (url === null || url.username !== '' || url.search !== '' || url.hash !== '' || url.pathname.length < 2)
    return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));
}, HTTPS_WORDS);
const words = <const T extends readonly [string, ...string[]]>(allowed: T) =>
  list
    .refine(
      (given) => given.every((one) => (allowed as readonly string[]).includes(one)),
      `must be words out of: ${allowed.join(', ')}`,
    )
    .transform((given) => given as readonly T[number][]);
export const notifyWays = words(['desktop', 'ntfy', 'mail']);
export const notifyCauses = words(['waiting', 'failure']);
