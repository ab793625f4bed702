/** The forms of a text, by plural category; one form stands under ''. */
export type Forms = Record<string, string>;
export function csv(path: string): Record<string, string>[];
export function texts(language: string): Map<string, Forms>;
export function hashOf(forms: Forms): string;
export function marks(): Record<string, Record<string, string>>;
export const marksFile: URL;
export function review(language: string): { done: string[]; open: string[] };
