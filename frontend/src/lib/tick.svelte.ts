// One clock for everything on the screen that counts, in the server's time.

import { serverNow } from './api';

const clock = $state({ now: serverNow() });
setInterval(() => (clock.now = serverNow()), 1000);

/** The server's time in milliseconds, renewed each second. */
export const now = (): number => clock.now;
