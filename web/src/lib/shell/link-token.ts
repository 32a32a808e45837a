/** The secret of a link stands behind its `#`: browsers keep it to themselves. */
export const linkToken = (): string => location.hash.slice(1);
