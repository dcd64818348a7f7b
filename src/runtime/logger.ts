import { type Logger, type LoggerOptions, pino } from 'pino';

export type { Logger } from 'pino';

/** Keys whose values never reach a log line, wherever a library put them. */
const SECRET_KEYS = [
  'password',
  'pass',
  'apiKey',
  'api_key',
  'token',
  'accessToken',
  'access_token',
  'refreshToken',
  'refresh_token',
  'id_token',
  'clientSecret',
  'client_secret',
  'device_code',
  'authorization',
  'auth',
  'secret',
];
const PATHS = SECRET_KEYS.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]);

/**
 * One JSON line per event on stdout, which PM2 files. Bodies are never logged; addresses are masked by callers.
 * A server that speaks MCP on its stdout logs to stderr.
 */
export function createLogger(process: string, level: string, to: 'stdout' | 'stderr' = 'stdout'): Logger {
  const options: LoggerOptions = {
    name: process,
    level,
    base: null,
    mixin: () => ({ process }),
    redact: { paths: PATHS, censor: '[secret]' },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  };
  return to === 'stderr' ? pino(options, pino.destination({ dest: 2, sync: true })) : pino(options);
}

/** `anna@example.org` -> `a***@example.org`: enough to recognise, not to harvest. */
export function maskAddress(address: string): string {
  return address.replace(/([^\s<>@])[^\s<>@]*@/g, '$1***@');
}
