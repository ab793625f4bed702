// A report on its way to the server.

import type { FieldError, ReportAnswer, ReportBody } from '../wire';

/** How the server refused. */
export interface Refusal {
  status: number;
  code: string;
  detail: string;
  errors: FieldError[];
}

export interface Waiting {
  /** The Idempotency-Key: however often it is sent, it lands once. */
  key: string;
  /** Whose it is, by the account's id: nobody else on this phone sends or sees it. */
  account: string;
  shelter: string;
  body: ReportBody;
  /** When it was saved, in milliseconds of the server's clock as far as this phone knows it. */
  made_at: number;
  /** The report of this phone that the screen showed when this one was written, if that one had not been received yet. */
  after: string | null;
  /** `conflict`: received, and another report that she had not seen says otherwise; waits for her choice. */
  state: 'kept' | 'refused' | 'conflict';
  tries: number;
  /** Not before this moment again, unless there is a reason to hope. */
  next_at: number;
  refusal?: Refusal;
  receipt?: ReportAnswer;
}

const hour = 3_600_000;
/** The server takes a report's own time for 72 hours; what is older is thrown away here. */
export const keepFor = 72 * hour;
/** From this age on the page says how long a report has been waiting. */
export const sayAfter = 6 * hour;
