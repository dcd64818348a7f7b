import type { Delivery } from '../machine.ts';

/** An answer as it goes out. */
export interface Reply {
  readonly status: number;
  readonly type: 'application/json; charset=utf-8' | 'text/html; charset=utf-8' | 'text/xml; charset=utf-8';
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly delivery?: Delivery | null;
}

export interface Request {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

export const json = (status: number, body: unknown): Reply => ({
  status,
  type: 'application/json; charset=utf-8',
  body: JSON.stringify(body),
});

export const html = (status: number, title: string, text: string): Reply => ({
  status,
  type: 'text/html; charset=utf-8',
  body: `<!doctype html>\n<html lang=en>\n<title>${status} ${title}</title>\n<h1>${title}</h1>\n<p>${text}</p>\n`,
});

export const xml = (body: string): Reply => ({ status: 200, type: 'text/xml; charset=utf-8', body });

/** No such database, none named, or PostgreSQL down: one page for the three. */
export const noDatabasePage = (): Reply =>
  html(
    404,
    'Not Found',
    'No database is selected and the requested URL was not found in the server-wide controllers.</p>\n' +
      '<p>Please verify the hostname, <a href=/web/login>login</a> and try again.',
  );

export const isJson = ({ headers }: Request): boolean =>
  /^application\/json\b/.test(headers['content-type'] ?? '');

export const wrongType = (got: string, path: string, wanted: string): Reply =>
  html(
    415,
    'Unsupported Media Type',
    `Request inferred type is compatible with ${got} but &#39;${path}&#39; is type=&#39;${wanted}&#39;.<br><br>` +
      'Please verify the Content-Type request header and try again.',
  );
