// How each stock status looks.
import type { StockStatus } from '../wire';
export const kinds: Record<StockStatus, 'free' | 'few' | 'full' | 'silent'> = {
  critical: 'full', low: 'few', ok: 'free', surplus: 'free', unknown: 'silent',
};
