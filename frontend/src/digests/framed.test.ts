import { expect, test } from 'vitest';
import { framed } from './framed';

const letter = (body: string) => `<!doctype html><html><head><style type="text/css">p{margin:0}</style><style>@media only screen{.a{width:100%!important}}</style></head><body style="margin:0">${body}</body></html>`;

test('styles stand apart from the letter', () => {
  const { page, css } = framed(letter('<p style="color:#333">eleven</p>'), []);
  expect(page).not.toMatch(/<style|\sstyle=/);
  expect(page).toContain('<body data-look="margin:0"><p data-look="color:#333">eleven</p>');
  expect(css).toBe('p{margin:0}\n@media only screen{.a{width:100%!important}}');
});

test('what the letter carries is shown, and nothing from elsewhere', () => {
  const { page } = framed(letter('<img alt="trend" src="cid:chart@panoh"><img src="https://elsewhere.example/a.png"><img src="cid:other@panoh"><td background="http://b.example/">'), [{ cid: 'chart@panoh', data: 'AAAA' }]);
  expect(page).toContain('<img alt="trend" src="data:image/png;base64,AAAA">');
  expect(page).toContain('<img><img><td>');
});

test('no script, frame or sheet from elsewhere is left', () => {
  const { page } = framed(letter('<script src="x.js"></script><link rel="stylesheet" href="x.css"><base href="https://x.example/"><iframe src="y"></iframe>'), []);
  expect(page).not.toMatch(/<(script|link|base|iframe)/);
});
