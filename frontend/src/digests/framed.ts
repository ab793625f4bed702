// What a frame may show of a letter's HTML: its styles apart from it, its pictures inside it, nothing from elsewhere.

import type { Picture } from '../wire';

export interface Framed {
  /** The HTML, each `style` as `data-look`. */
  page: string;
  /** What stood in its style sheets. */
  css: string;
}

const foreign = /\s(?:src|srcset|background|poster)="(?!data:image\/png;base64,)[^"]*"/gi;

export function framed(html: string, pictures: readonly Picture[]): Framed {
  const css: string[] = [];
  const carried = new Map(pictures.map(({ cid, data }) => [cid, data]));
  const page = html
    .replace(/<style[^>]*>([\s\S]*?)<\/style>/gi, (_, sheet: string) => {
      css.push(sheet);
      return '';
    })
    .replace(/<(?:script|link|base|iframe|object|embed)\b[^>]*>/gi, '')
    .replace(/\ssrc="cid:([^"]+)"/g, (_, cid: string) => (carried.has(cid) ? ` src="data:image/png;base64,${carried.get(cid)}"` : ''))
    .replace(foreign, '')
    .replace(/\sstyle="/g, ' data-look="');
  return { page, css: css.join('\n') };
}
