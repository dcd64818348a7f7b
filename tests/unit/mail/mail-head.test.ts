import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  isCalled,
  isSearchableId,
  MAX_HEAD_BYTES,
  markOf,
  readHead,
} from '../../../src/mail/mailbox/mail-head.ts';

const HASH = 'a'.repeat(32);
const OURS = `<em-0123456789abcdef.${HASH}@example.org>`;
const head = (...lines: string[]) => readHead(7, Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), 5);

describe('the head of a mail', () => {
  it('is read folded, in any case, with every id once', () => {
    const read = head(
      'MESSAGE-ID:\t<a@example.com>',
      'references: <r@example.com>',
      '\t<q@example.com> (a comment) <r@example.com>',
      'In-reply-to: <q@example.com>',
      'From: "Anna <not@this.example>" <ANNA@Example.com>',
    );
    expect(read).toEqual({
      uid: 7,
      receivedMs: 5,
      messageId: '<a@example.com>',
      formerIds: [],
      refersTo: ['<r@example.com>', '<q@example.com>'],
      mark: null,
      from: 'anna@example.com',
    });
  });

  it.each([
    [OURS, []],
    ['<x@outlook.example>', [`X-Microsoft-Original-Message-ID:\r\n ${OURS}`]],
    ['<x@mx.google.example>', [`X-Google-Original-Message-ID: ${OURS}`]],
    ['<x@ses.example>', [`X-Handover-Task: em-0123456789abcdef.${HASH}`]],
  ])('knows a mail of ours that is called %s', (id, more) => {
    expect(isCalled(head(`Message-ID: ${id}`, ...more), OURS)).toBe(true);
  });

  it.each([
    ['the task alone', 'X-Handover-Task: em-0123456789abcdef'],
    ['another mail of the task', `X-Handover-Task: em-0123456789abcdef.${'b'.repeat(32)}`],
    ['a reference to it', `References: ${OURS}`],
    ['its subject', `Subject: ${OURS}`],
  ])('does not take %s for the mail', (_what, line) => {
    expect(isCalled(head('Message-ID: <x@example.net>', line), OURS)).toBe(false);
  });

  it('never takes a mail for one of ours whose id has no mark', () => {
    expect(markOf('<a@example.com>')).toBeNull();
    expect(isCalled(head('Message-ID: <b@example.com>'), '<a@example.com>')).toBe(false);
  });

  it('is bounded whatever the bytes are', () => {
    const many = Array.from({ length: 5000 }, (_, n) => `<${n}@x>`).join(' ');
    const { refersTo } = readHead(1, Buffer.from(`References: ${many}\r\n\r\n`), null);
    expect(refersTo.length).toBe(100);
    expect(refersTo[0]).toBe('<0@x>');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => {
        const read = readHead(1, bytes, null);
        expect(read.refersTo.every(isSearchableId)).toBe(true);
      }),
    );
    const bomb = Buffer.alloc(MAX_HEAD_BYTES * 4, '<');
    expect(readHead(1, bomb, null).messageId).toBeNull();
  });
});
