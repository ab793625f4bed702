// Why a part of the app could not be fetched: there is no line, or the server has a newer release and the part is gone.

import { ApiError } from './api';

export async function missing(): Promise<ApiError> {
  const code = await fetch('/healthz', { cache: 'no-store' }).then(() => 'renewed', () => 'offline');
  return new ApiError({ status: 0, code });
}

/** What mends it: asking again, or loading the newer release. What is being written and what waits survives that. */
export const mend = (problem: ApiError, again: () => void): void => (problem.code === 'renewed' ? location.reload() : again());
