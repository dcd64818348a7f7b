import { chmod } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { readFile } from 'node:fs/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { desktopCommand, desktopEnvironment, showOnDesktop } from '../../../src/monitor/desktop.ts';
import { publishToNtfy } from '../../../src/monitor/ntfy.ts';
import { testDir } from '../../helpers/testdir.ts';

const notice = { title: 'Handover: 2 cards wait', text: '2 cards wait for you.', urgent: false };

async function server(answer: RequestListener): Promise<string> {
  const http = createServer(answer);
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    http.closeAllConnections();
    http.close();
  });
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
}

describe('ntfy', () => {
  it('gets the words, the priority and the token', async () => {
    const seen: unknown[] = [];
    const url = await server((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += String(chunk)));
      request.on('end', () => {
        const { title, priority, authorization } = request.headers;
        seen.push([request.method, request.url, title, priority, authorization, body]);
        response.end('{}');
      });
    });
    await publishToNtfy({ url: `${url}/a-topic`, token: 'tk_example' }, { ...notice, urgent: true });
    expect(seen).toEqual([
      ['POST', '/a-topic', 'Handover: 2 cards wait', 'high', 'Bearer tk_example', '2 cards wait for you.'],
    ]);
  });

  it('that sends us elsewhere is not followed: the token stays', async () => {
    const asked: (string | undefined)[] = [];
    const elsewhere = await server((request, response) => {
      asked.push(request.headers.authorization);
      response.end();
    });
    const url = await server((_request, response) => response.writeHead(307, { Location: elsewhere }).end());
    await expect(publishToNtfy({ url, token: 'tk_example' }, notice)).rejects.toThrow('elsewhere');
    expect(asked).toEqual([]);
  });

  it.each([
    [401, 'NTFY_TOKEN'],
    [429, 'too many'],
    [500, 'it answered 500'],
  ])('that answers %i is a fault with words, and none of its own', async (status, words) => {
    const url = await server((_request, response) =>
      response.writeHead(status).end('SECRET WORDS OF A SERVER'),
    );
    const fault = await publishToNtfy({ url, token: '' }, notice).catch((error: unknown) => error as Error);
    expect(fault).toBeInstanceOf(Error);
    expect((fault as Error).message).toContain(words);
    expect((fault as Error).message).not.toMatch(/SECRET|127\.0\.0\.1/);
  });

  it('that never answers is given up', async () => {
    const url = await server(() => undefined);
    await expect(publishToNtfy({ url, token: '' }, notice, 50)).rejects.toThrow('in time');
  });

  it('that is not there is a fault without its address', async () => {
    await expect(publishToNtfy({ url: 'http://127.0.0.1:1/topic', token: '' }, notice)).rejects.toThrow(
      /^it cannot be reached$/,
    );
  });
});

describe('the desktop', () => {
  it('gets title and text as arguments, never as part of a script', () => {
    const odd = { title: '"; do shell script "x', text: '--help $(x)', urgent: false };
    const mac = desktopCommand('darwin', odd)!;
    expect(mac.args.slice(-2)).toEqual([odd.title, odd.text]);
    expect(mac.args.slice(0, -2).join(' ')).not.toContain('shell');
    const linux = desktopCommand('linux', odd)!;
    expect(linux.args.slice(linux.args.indexOf('--') + 1)).toEqual([odd.title, odd.text]);
    expect(desktopCommand('win32', odd)).toBeNull();
  });

  it('is found by a process that started before anybody logged in', () => {
    expect(desktopEnvironment({ PATH: '/bin', SECRET: 'x' }, 1000, () => true)).toEqual({
      PATH: '/bin',
      DBUS_SESSION_BUS_ADDRESS: 'unix:path=/run/user/1000/bus',
    });
    expect(desktopEnvironment({ DBUS_SESSION_BUS_ADDRESS: 'unix:x' }, 1000, () => true)).toEqual({
      DBUS_SESSION_BUS_ADDRESS: 'unix:x',
    });
    expect(desktopEnvironment({}, 1000, () => false)).toEqual({});
  });

  it('is asked without a shell, by the program that is there', async () => {
    const dir = await testDir({ 'notify-send': '#!/bin/sh\nprintf "%s|" "$@" > "$HOME/shown"\n' });
    await chmod(join(dir, 'notify-send'), 0o700);
    await showOnDesktop({ ...notice, urgent: true }, { PATH: `${dir}:/usr/bin:/bin`, HOME: dir }, 'linux');
    expect(await readFile(join(dir, 'shown'), 'utf8')).toBe(
      '--app-name=Handover|--urgency=critical|--|Handover: 2 cards wait|2 cards wait for you.|',
    );
  });

  it('that has no such program says which one to install', async () => {
    const dir = await testDir();
    await expect(showOnDesktop(notice, { PATH: dir }, 'linux')).rejects.toThrow('libnotify-bin');
  });
});
