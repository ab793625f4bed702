// A room's name as people say it: a bare number gets the word before it.
import { t } from '../lib/i18n.svelte';
export const roomName = (label: string): string => (/^[\d\s–-]+$/.test(label) ? t('room.numbered', { label }) : label);
