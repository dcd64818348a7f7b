import { OdooError } from './errors.ts';

export interface ApiKey {
  readonly key: string;
  /** Null: never. */
  readonly expires: Date | null;
}

/** Who may log in. A password opens XML-RPC and JSON-RPC, a key these and JSON-2. */
export interface Credentials {
  readonly uid: number;
  readonly login: string;
  readonly password: string;
  keys: readonly ApiKey[];
  /** False: switched off, refused at once. */
  active: boolean;
}

const opens = (user: Credentials, secret: string, now: Date): boolean =>
  user.active && user.keys.some(({ key, expires }) => key === secret && (expires === null || expires > now));

/** JSON-2: the key tells who it is. */
export function userOfKey(users: readonly Credentials[], key: string, now: Date): Credentials {
  const user = users.find((one) => opens(one, key, now));
  if (!user) throw new OdooError('Unauthorized', 'Invalid apikey');
  return user;
}

/** `authenticate`: no error for a wrong password, false. */
export function logIn(
  users: readonly Credentials[],
  login: string,
  secret: string,
  now: Date,
): number | false {
  const user = users.find((one) => one.login === login && one.active);
  return user && (user.password === secret || opens(user, secret, now)) ? user.uid : false;
}

/** Every call of XML-RPC and JSON-RPC brings user id and secret. */
export function checkUser(users: readonly Credentials[], uid: number, secret: string, now: Date): void {
  const user = users.find((one) => one.uid === uid);
  if (!user) {
    throw new OdooError(
      'MissingError',
      `Record does not exist or has been deleted.\n(Record: res.users(${uid},), User: ${uid})`,
    );
  }
  if (secret === '' || logIn(users, user.login, secret, now) !== uid) {
    throw new OdooError('AccessDenied', 'Access Denied');
  }
}
