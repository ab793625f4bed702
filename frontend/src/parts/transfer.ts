// How each state of a transfer looks.
import type { TransferState } from '../wire';
export const transferLooks: Record<TransferState, 'free' | 'few' | 'full' | 'silent'> = {
  proposed: 'silent', approved: 'few', dispatched: 'few', received: 'free', cancelled: 'silent',
};
