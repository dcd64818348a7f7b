import { pbkdf2Sync, randomBytes } from 'node:crypto';

/** As Odoo keeps a key: res.users.apikeys, `KEY_CRYPT_CONTEXT` and `INDEX_SIZE` of its res_users.py. */
const ROUNDS = 6000;
const INDEX_DIGITS = 8;

export interface MadeKey {
  readonly key: string;
  /** Puts it into the database. */
  readonly sql: string;
}

/**
 * An API key as the wizard would have made it, which needs a browser's session and the password.
 * @param uid the id in res_users, or an SQL expression of it
 * @param days until it expires; null: never
 */
export function makeKey(uid: number | string, days: number | null): MadeKey {
  const key = randomBytes(20).toString('hex');
  const expires = days === null ? 'null' : `now() at time zone 'utc' + interval '${days} days'`;
  const values = `'key of a test', ${uid}, 'rpc', ${expires}, '${hash(key)}', '${key.slice(0, INDEX_DIGITS)}'`;
  return {
    key,
    sql: `insert into res_users_apikeys (name, user_id, scope, expiration_date, key, index) values (${values});`,
  };
}

/** passlib's pbkdf2_sha512: base64 with `.` for `+` and without padding. */
function hash(key: string): string {
  const salt = randomBytes(16);
  const sum = pbkdf2Sync(key, salt, ROUNDS, 64, 'sha512');
  const text = (bytes: Buffer): string => bytes.toString('base64').replaceAll('+', '.').replace(/=+$/, '');
  return `$pbkdf2-sha512$${ROUNDS}$${text(salt)}$${text(sum)}`;
}
