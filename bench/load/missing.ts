// The one reason for which a look at all benches leaves one out.

/** What this machine lacks for a bench, which a look at all benches goes on without. Whatever else goes wrong is a fault. */
export class Missing extends Error {}
