/**
 * One HTTP exchange with a deadline, a limit and no redirect. Not `fetch`: that knows no certificate authority of one's own,
 * and does not tell whether the request had left the machine when it broke.
 */
import { request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';

export const MAX_ANSWER_BYTES = 20_000_000;
const MAX_REQUEST_BYTES = 20_000_000;

export interface HttpCall {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  readonly deadlineMs: number;
  readonly ca?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  /** In lower case, without parameters; ''. */
  readonly contentType: string;
  readonly body: string;
}

/** There is no whole answer. */
export class NoAnswer extends Error {
  readonly why: 'deadline' | 'connection' | 'certificate' | 'too_large' | 'given_up';
  /** May the server have got the request? */
  readonly sent: boolean;
  /** `ECONNREFUSED` and the like; '' */
  readonly code: string;

  constructor(why: NoAnswer['why'], sent: boolean, code = '') {
    super(`no answer: ${why} ${code}`.trim());
    this.name = 'NoAnswer';
    this.why = why;
    this.sent = sent;
    this.code = code;
  }
}

/** Why a request broke. Errors of a certificate come before anything is sent. */
export function brokenBy(error: unknown, sent: boolean): NoAnswer {
  const code = codeOf(error);
  const certificate = /CERT|SELF_SIGNED|^ERR_(TLS|SSL)|ISSUER|^EPROTO$/.test(code);
  return new NoAnswer(certificate ? 'certificate' : 'connection', sent && !certificate, code);
}

function codeOf(error: unknown): string {
  const code: unknown =
    typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^[A-Z0-9_]{1,60}$/.test(code) ? code : '';
}

/** @throws NoAnswer */
export function exchange(call: HttpCall): Promise<HttpAnswer> {
  const body = call.body === null ? null : Buffer.from(call.body, 'utf8');
  if (body !== null && body.length > MAX_REQUEST_BYTES) {
    return Promise.reject(new NoAnswer('too_large', false));
  }
  return new Promise((resolve, reject) => {
    let sent = false;
    const end = (failure: NoAnswer): void => {
      stop();
      request.destroy();
      reject(failure);
    };
    const send = call.url.startsWith('https:') ? tlsRequest : plainRequest;
    // No connection is kept: one that the server closes this moment would make every failure of a call a doubt.
    const request = send(
      call.url,
      {
        method: call.method,
        agent: false,
        headers: { ...call.headers, ...(body === null ? {} : { 'content-length': body.length }) },
        ...(call.ca === undefined ? {} : { ca: call.ca }),
      },
      (response) => {
        const parts: Buffer[] = [];
        let bytes = 0;
        response.on('data', (part: Buffer) => {
          bytes += part.length;
          if (bytes > MAX_ANSWER_BYTES) end(new NoAnswer('too_large', true));
          else parts.push(part);
        });
        response.on('error', (error) => end(brokenBy(error, true)));
        response.on('end', () => {
          stop();
          if (!response.complete) return reject(new NoAnswer('connection', true));
          const contentType = response.headers['content-type'] ?? '';
          resolve({
            status: response.statusCode ?? 0,
            contentType: (contentType.split(';')[0] ?? '').trim().toLowerCase(),
            body: Buffer.concat(parts).toString('utf8'),
          });
        });
      },
    );
    const timer = setTimeout(() => end(new NoAnswer('deadline', sent)), call.deadlineMs);
    const giveUp = (): void => end(new NoAnswer('given_up', sent));
    const stop = (): void => {
      clearTimeout(timer);
      call.signal?.removeEventListener('abort', giveUp);
    };
    request.on('socket', (socket) => socket.once(readyEvent(call.url), () => (sent = true)));
    request.on('error', (error) => end(brokenBy(error, sent)));
    if (call.signal?.aborted === true) return giveUp();
    call.signal?.addEventListener('abort', giveUp, { once: true });
    request.end(body ?? undefined);
  });
}

/** Before it nothing of the request can have left. */
function readyEvent(url: string): 'secureConnect' | 'connect' {
  return url.startsWith('https:') ? 'secureConnect' : 'connect';
}
