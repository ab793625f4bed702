// Which shelters were lost to somebody quicker, until the referral's own page has said so.
export const next = new Map<string, string>();
